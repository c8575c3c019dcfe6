import { paint, type Terminal } from '../output/terminal.ts'

/** The voice of the demo: plain lines, so that a log of it reads like the story. */
export type Narrator = {
  act(number: number, title: string, subtitle: string): void
  say(text: string): void
  line(text?: string): void
  check(isKept: boolean, promise: string, detail: string): void
}

export function createNarrator(terminal: Terminal, write: (text: string) => void): Narrator {
  const line = (text = '') => write(`${text}\n`)
  return {
    line,
    act(number, title, subtitle) {
      line()
      line(paint(terminal, 'bold', `${number}. ${title}`))
      line(paint(terminal, 'dim', `   ${subtitle}`))
    },
    say: (text) => line(`   ${text}`),
    check(isKept, promise, detail) {
      const sign = isKept ? paint(terminal, 'green', '✓') : paint(terminal, 'red', '✗')
      line(`  ${sign} ${promise}${isKept ? '' : ` (${detail})`}`)
    },
  }
}
