import { PassThrough } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** What a program writes, line by line, without secrets, up to a limit. */
export type CommandOutput = {
  write(chunk: Uint8Array): void
  /** Nothing comes after it; `content` ends. */
  end(): void
  readonly content: AsyncIterable<Uint8Array>
  /** The last line that has something in it, for a sentence; '' before there is one. */
  lastLine(): string
}

/** A line that goes on for longer is cut into pieces: progress bars write no line ends. */
const MAX_LINE_CHARACTERS = 16_384
const MAX_SHOWN_CHARACTERS = 200
/** Colours and movements of the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const TERMINAL = /\u001b\[[0-9;?]*[ -/]*[@-~]/g

export function createCommandOutput(
  limitBytes: number,
  mask: (text: string) => string,
): CommandOutput {
  const content = new PassThrough()
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let keptBytes = 0
  let lostBytes = 0
  let shown = ''
  let isEnded = false

  function keep(line: string): void {
    const masked = mask(line)
    const plain = masked
      .replaceAll(TERMINAL, '')
      .replaceAll(/\p{Cc}+/gu, ' ')
      .trim()
    if (plain !== '') shown = plain
    const bytes = Buffer.from(masked)
    if (lostBytes > 0 || keptBytes + bytes.length > limitBytes) {
      lostBytes += bytes.length
      return
    }
    keptBytes += bytes.length
    content.write(bytes)
  }

  function take(text: string): void {
    rest += text
    let from = 0
    for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n', from)) {
      keep(rest.slice(from, at + 1))
      from = at + 1
    }
    rest = rest.slice(from)
    while (rest.length > MAX_LINE_CHARACTERS) {
      keep(rest.slice(0, MAX_LINE_CHARACTERS))
      rest = rest.slice(MAX_LINE_CHARACTERS)
    }
  }

  return {
    write: (chunk) => {
      if (!isEnded) take(decoder.write(Buffer.from(chunk)))
    },
    end: () => {
      if (isEnded) return
      isEnded = true
      take(decoder.end())
      if (rest !== '') keep(rest)
      if (lostBytes > 0) content.write(`\n[${lostBytes} more bytes were not kept]\n`)
      content.end()
    },
    content,
    lastLine: () => shown.slice(0, MAX_SHOWN_CHARACTERS),
  }
}
