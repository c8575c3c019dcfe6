const CLOSING: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' }

/** Graphite takes a target that it cannot parse for a name, and answers that there is no such series: what is open or closed too much is told here. */
export function whyNoTarget(target: string): string | undefined {
  const expected: { readonly closing: string; readonly column: number }[] = []
  let quote = ''
  let quotedAt = 0
  for (const [index, character] of [...target].entries()) {
    const column = index + 1
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") {
      quote = character
      quotedAt = column
    } else if (CLOSING[character] !== undefined) {
      expected.push({ closing: CLOSING[character], column })
    } else if (
      Object.values(CLOSING).includes(character) &&
      expected.pop()?.closing !== character
    ) {
      return `column ${column}: ${character} closes nothing`
    }
  }
  if (quote !== '') return `column ${quotedAt}: ${quote} is not closed`
  const open = expected.at(-1)
  return open === undefined ? undefined : `column ${open.column}: ${open.closing} is missing`
}
