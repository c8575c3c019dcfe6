/**
 * Whether a regular expression of a job/config.yaml takes an event type. Expressions of users are not run: only what people write
 * there is understood (letters, dots, `.*`, alternatives in one pair of brackets). Undefined: it cannot be told.
 */
export function takesEvent(pattern: string, eventType: string): boolean | undefined {
  const anchored = { start: pattern.startsWith('^'), end: pattern.endsWith('$') }
  const body = pattern.replace(/^\^/, '').replace(/\$$/, '')
  const group = /^([^()|]*)\(([^()]*)\)([^()|]*)$/.exec(body)
  const bodies =
    group === null
      ? body.split('|')
      : (group[2] ?? '').split('|').map((one) => `${group[1]}${one}${group[3]}`)
  if (bodies.length > MAX_ALTERNATIVES) return undefined
  const answers = bodies.map((one) => takesPlain(one, eventType, anchored))
  if (answers.includes(true)) return true
  return answers.includes(undefined) ? undefined : false
}

const MAX_ALTERNATIVES = 50

/** Go looks for the expression anywhere in the text unless it is anchored. */
function takesPlain(
  body: string,
  eventType: string,
  anchored: { readonly start: boolean; readonly end: boolean },
): boolean | undefined {
  if (!/^(?:[\w-]|\\\.|\.\*|\.)*$/.test(body)) return undefined
  const parts = body.split('.*').map((part) => part.replaceAll('\\.', '.'))
  let at = 0
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    const found =
      isLast && anchored.end ? eventType.length - part.length : eventType.indexOf(part, at)
    if (found < at || !eventType.startsWith(part, found)) return false
    if (index === 0 && anchored.start && found !== 0) return false
    at = found + part.length
  }
  return true
}
