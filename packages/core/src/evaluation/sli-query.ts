/** What a query may be filled with (facts/keptn-v1.md 4.7). */
export type QueryScope = {
  readonly project: string
  readonly stage: string
  readonly service: string
  /** `data.deployment.deploymentNames[0]`, else the label `deployment`, else `primary`. From the event: not trusted. */
  readonly deployment: string
  /** From the event: not trusted. */
  readonly labels: Readonly<Record<string, string>>
  /** From slo.yaml. */
  readonly filters: Readonly<Record<string, string>>
}

export type ExpandedQuery =
  | { readonly ok: true; readonly query: string }
  | { readonly ok: false; readonly message: string }

const MS_PER_SECOND = 1000

/**
 * Fills the placeholders of a query by plain replacement, in Keptn's order: the filters of slo.yaml as `$key` and `$KEY`, then `$PROJECT`,
 * `$STAGE`, `$SERVICE`, `$DEPLOYMENT`, `$LABEL.<key>`, `$DURATION_SECONDS`. Longer names go first, so that `$id` does not eat the start of
 * `$identity`.
 *
 * Labels and deployment come with an event, and an event may not change what is asked (behaviour.md 5): inside quotes they must not
 * end the quotes, outside they must be plain words.
 */
export function expandQuery(
  query: string,
  scope: QueryScope,
  window: { readonly startMs: number; readonly endMs: number },
): ExpandedQuery {
  let text = query
  for (const [key, value] of longestFirst(scope.filters)) {
    const plain = withoutQuotes(value)
    text = text.replaceAll(`$${key}`, () => plain).replaceAll(`$${key.toUpperCase()}`, () => plain)
  }
  text = text
    .replaceAll('$PROJECT', () => scope.project)
    .replaceAll('$STAGE', () => scope.stage)
    .replaceAll('$SERVICE', () => scope.service)
    .replaceAll('$DURATION_SECONDS', () => durationSeconds(window))

  const untrusted: [string, string][] = [
    ['$DEPLOYMENT', scope.deployment],
    ...longestFirst(scope.labels).map(([key, value]): [string, string] => [`$LABEL.${key}`, value]),
  ]
  for (const [placeholder, value] of untrusted) {
    const filled = fillUntrusted(text, placeholder, value)
    if (filled === undefined) {
      const message = `${placeholder} holds ${JSON.stringify(value)}, which would change the query; it is not asked`
      return { ok: false, message }
    }
    text = filled
  }
  return { ok: true, query: text }
}

/** `300s`: whole seconds, rounded up. */
export function durationSeconds(window: { startMs: number; endMs: number }): string {
  return `${Math.ceil((window.endMs - window.startMs) / MS_PER_SECOND)}s`
}

/** `$DEPLOYMENT`, from what the event says. */
export function deploymentOf(
  deploymentName: string | undefined,
  labels: Readonly<Record<string, string>>,
): string {
  return deploymentName || labels['deployment'] || 'primary'
}

function longestFirst(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).toSorted(([left], [right]) => right.length - left.length)
}

export function withoutQuotes(value: string): string {
  return value.replaceAll(/['"]/g, '')
}

/** Undefined when a value would leave the place that its query gives it. */
function fillUntrusted(text: string, placeholder: string, value: string): string | undefined {
  const parts = text.split(placeholder)
  let filled = parts[0] ?? ''
  for (const part of parts.slice(1)) {
    const isSafe = isInsideQuotes(filled) ? /^[^'"`\\\p{Cc}]*$/u : /^[\w.:-]*$/
    if (!isSafe.test(value)) return undefined
    filled += value + part
  }
  return filled
}

/** Whether a text ends inside a string literal of PromQL: '…' and "…" with escapes, `…` without. A quote in a comment opens none. */
function isInsideQuotes(text: string): boolean {
  let open = ''
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (open === '' && character === '#') {
      const end = text.indexOf('\n', index)
      if (end < 0) return false
      index = end
    } else if (open === '') {
      if (character === "'" || character === '"' || character === '`') open = character
    } else if (character === '\\' && open !== '`') index++
    else if (character === open) open = ''
  }
  return open !== ''
}
