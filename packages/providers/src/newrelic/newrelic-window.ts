type Window = { readonly startMs: number; readonly endMs: number }

export type WindowedQuery = {
  readonly text: string
  /** What is to be said about it beside the value. */
  readonly remarks: readonly string[]
}

const MS_PER_SECOND = 1000

/**
 * A query of New Relic over the evaluation's window: `SINCE … UNTIL …` in milliseconds behind one that has no range of time. One that
 * has is asked as it is, with a remark unless it was filled with the window.
 */
export function withWindow(query: string, window: Window): WindowedQuery {
  const text = query.trim()
  if (!/\b(since|until)\b/i.test(outermost(text))) {
    // A comment at the end would take what comes behind it.
    const gap = /--|\/\//.test(text) ? '\n' : ' '
    return { text: `${text}${gap}SINCE ${window.startMs} UNTIL ${window.endMs}`, remarks: [] }
  }
  const isFilled = text.includes(String(Math.floor(window.startMs / MS_PER_SECOND)))
  const remark = 'the query has a range of time of its own, which is not that of the evaluation'
  return { text, remarks: isFilled ? [] : [remark] }
}

const QUOTES: ReadonlySet<string> = new Set(["'", '"', '`'])
const COMMENTS = [
  { begin: '--', end: '\n' },
  { begin: '//', end: '\n' },
  { begin: '/*', end: '*/' },
] as const

/** Without what stands in quotes, in comments and in brackets: subqueries have ranges of their own. */
function outermost(text: string): string {
  let kept = ''
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    const comment = COMMENTS.find(({ begin }) => text.startsWith(begin, index))
    if (comment !== undefined) {
      const end = text.indexOf(comment.end, index + comment.begin.length)
      if (end < 0) break
      index = end + comment.end.length - 1
      kept += ' '
    } else if (QUOTES.has(character)) index = endOfQuote(text, index)
    else if (character === '(') depth++
    else if (character === ')') depth = Math.max(0, depth - 1)
    else if (depth === 0) kept += character
  }
  return kept
}

function endOfQuote(text: string, start: number): number {
  const quote = text.charAt(start)
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index)
    if (character === '\\' && quote !== '`') index++
    else if (character === quote) return index
  }
  return text.length
}
