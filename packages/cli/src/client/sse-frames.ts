/** One frame of an event stream that has something to tell. */
export type SseFrame = {
  /** `message` when the server names none. */
  readonly event: string
  /** Empty for a frame that only carries a cursor. */
  readonly data: string
  readonly id?: string
}

/**
 * Takes a stream of text apart (https://html.spec.whatwg.org/multipage/server-sent-events.html): hand in what came, get the frames that are
 * complete. Comments are left out.
 */
export function createFrameReader(): (text: string) => SseFrame[] {
  let rest = ''
  let lines: string[] = []

  return (text) => {
    // A carriage return at the end may be the first half of a line break.
    const all = `${rest}${text}`
    const held = all.endsWith('\r') ? 1 : 0
    const parts = all.slice(0, all.length - held).split(/\r\n|\r|\n/)
    rest = (parts.pop() ?? '') + (held === 1 ? '\r' : '')
    const frames: SseFrame[] = []
    for (const line of parts) {
      if (line !== '') lines.push(line)
      else {
        const frame = frameOf(lines)
        if (frame !== undefined) frames.push(frame)
        lines = []
      }
    }
    return frames
  }
}

function frameOf(lines: readonly string[]): SseFrame | undefined {
  const fields = lines.map(fieldOf)
  const valuesOf = (wanted: string) =>
    fields.flatMap(({ name, value }) => (name === wanted ? [value] : []))
  const id = valuesOf('id').at(-1)
  const data = valuesOf('data')
  if (data.length === 0 && id === undefined) return undefined
  return {
    event: valuesOf('event').at(-1) || 'message',
    data: data.join('\n'),
    ...(id === undefined ? {} : { id }),
  }
}

/** A comment is a field without a name. */
function fieldOf(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':')
  if (colon < 0) return { name: line, value: '' }
  const value = line.slice(colon + 1)
  return { name: line.slice(0, colon), value: value.startsWith(' ') ? value.slice(1) : value }
}
