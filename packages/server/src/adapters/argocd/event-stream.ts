import { WatchMessage } from '@tiphys/contract/argocd-api.ts'

/** What a piece of the watch stream says. */
export type StreamItem =
  | { readonly code: 'changed'; readonly name: string; readonly namespace: string }
  | { readonly code: 'error'; readonly grpcCode: number; readonly words: string }
  | { readonly code: 'unreadable' }

/** A line longer than this is no message that we asked for. */
const MAX_LINE_CHARACTERS = 4_000_000

/**
 * Cuts a stream into messages. Argo CD writes `data: {…}` lines; NDJSON, which it falls back to behind some proxies, is the same
 * without the word. Comment lines (`:`) are keepalives. Throws when a line has no end.
 */
export class StreamReader {
  #rest = ''

  push(text: string): StreamItem[] {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > MAX_LINE_CHARACTERS) throw new Error('a message has no end')
    return lines.flatMap((line) => itemsOf(line.replace(/\r$/, '')))
  }
}

function itemsOf(line: string): StreamItem[] {
  const json = line.startsWith('data:') ? line.slice('data:'.length).trim() : line.trim()
  if (json === '' || json.startsWith(':') || !json.startsWith('{')) return []
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return [{ code: 'unreadable' }]
  }
  const message = WatchMessage.safeParse(parsed)
  if (!message.success) return [{ code: 'unreadable' }]
  const { result, error } = message.data
  if (error) {
    return [{ code: 'error', grpcCode: error.grpc_code ?? 0, words: error.message ?? '' }]
  }
  if (!result) return []
  const { name, namespace } = result.application.metadata
  return [{ code: 'changed', name, namespace }]
}
