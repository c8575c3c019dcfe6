/** Lines and columns for a terminal. Widths are in columns: East Asian characters and emoji take two, marks that combine none. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const WITHOUT_WIDTH = /[\p{M}\u200b-\u200d\ufeff]/u
const ASCII = /^[ -~]*$/

export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

function characterWidth(character: string): number {
  if (WITHOUT_WIDTH.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Lines of at most so many columns, broken at spaces; a word that is longer than a line is cut. Never empty. */
export function wrapped(text: string, columns: number): readonly string[] {
  const width = Math.max(columns, 1)
  const lines: string[] = []
  let line = ''
  let lineWidth = 0
  for (const word of text.split(' ').flatMap((one) => cutWord(one, width))) {
    const wordWidth = widthOf(word)
    if (lineWidth > 0 && lineWidth + 1 + wordWidth > width) {
      lines.push(line)
      line = word
      lineWidth = wordWidth
    } else {
      line = lineWidth === 0 ? word : `${line} ${word}`
      lineWidth += wordWidth + (lineWidth === 0 ? 0 : 1)
    }
  }
  return [...lines, line]
}

function cutWord(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word]
  const pieces: string[] = []
  let piece = ''
  let pieceWidth = 0
  for (const character of word) {
    const next = characterWidth(character)
    if (pieceWidth > 0 && pieceWidth + next > width) {
      pieces.push(piece)
      piece = ''
      pieceWidth = 0
    }
    piece += character
    pieceWidth += next
  }
  return [...pieces, piece]
}

/** The text wrapped, each line moved in. */
export function indented(text: string, indent: number, columns: number): readonly string[] {
  const margin = ' '.repeat(indent)
  return wrapped(text, columns - indent).map((line) => margin + line)
}
