/**
 * Commands that change something, send something or run something. The first line is Splunk's own list ("Commands that trigger SPL safeguards" in its
 * security manual), the others are their aliases, and those of its AI Toolkit and DB Connect that do the like.
 */
const REFUSED: ReadonlySet<string> = new Set([
  ...'collect delete dump map mcollect meventcollect outputcsv outputlookup run runshellscript script sendalert sendemail tscollect'.split(
    ' ',
  ),
  ...'crawl input stash summaryindex sumindex'.split(' '),
  ...'ai aiagent deletemodel fit'.split(' '),
  ...'dbxoutput dbxquery'.split(' '),
])

/** How Splunk may understand a text: what is between quotes is no command, but not every quote opens a text. */
const READINGS = [
  { quotes: '"', escapesOutside: true },
  { quotes: '"', escapesOutside: false },
  { quotes: `"'`, escapesOutside: true },
  { quotes: `"'`, escapesOutside: false },
] as const
type Reading = (typeof READINGS)[number]

const COMMENT = '```'

/**
 * The first command of a search that is not sent, in the search and in its subsearches, however quotes are read; undefined where there is none. What a macro or
 * a saved search holds is not seen: what the user of the connection may do is the border, this is the fence before it.
 */
export function refusedCommand(search: string): string | undefined {
  for (const reading of READINGS) {
    const found = commandsOf(search, reading).find((name) => REFUSED.has(name))
    if (found !== undefined) return found
  }
  return undefined
}

/** The word after the beginning, after every `|` and after every `[`. */
function commandsOf(search: string, reading: Reading): readonly string[] {
  const commands: string[] = []
  let word: string | undefined = ''
  for (let index = 0; index < search.length; index++) {
    const character = search.charAt(index)
    const end = endOfUnread(search, index, reading)
    if (end > index) {
      // A quoted text is no command, but comments and macros may stand before one.
      if (character !== '`') word = undefined
      index = end
    } else if (character === '|' || character === '[' || character === ']') {
      commands.push(word ?? '')
      word = character === ']' ? undefined : ''
    } else if (word !== undefined && /\w/.test(character)) word += character
    else if (word !== undefined && word !== '') {
      commands.push(word)
      word = undefined
    } else if (!/\s/.test(character)) word = undefined
  }
  commands.push(word ?? '')
  return commands.map((name) => name.toLowerCase())
}

/** The last place of the comment, macro, quoted text or escaped character that begins here; the place itself where none does. */
function endOfUnread(search: string, from: number, { quotes, escapesOutside }: Reading): number {
  const character = search.charAt(from)
  if (search.startsWith(COMMENT, from)) {
    const end = search.indexOf(COMMENT, from + COMMENT.length)
    return end < 0 ? search.length : end + COMMENT.length - 1
  }
  if (character === '`') return endOf(search, from, '`')
  if (quotes.includes(character)) return endOf(search, from, character)
  return character === '\\' && escapesOutside ? from + 1 : from
}

function endOf(search: string, from: number, quote: string): number {
  for (let index = from + 1; index < search.length; index++) {
    if (search.charAt(index) === '\\') index++
    else if (search.charAt(index) === quote) return index
  }
  return search.length
}

/** As Splunk's own search page has it: what does not begin with a command is searched for. */
export function asSearch(text: string): string {
  const search = text.trim()
  return search.startsWith('|') || /^search\b/i.test(search) ? search : `search ${search}`
}
