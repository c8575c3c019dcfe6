import { ServerRefusedError } from './errors.ts'
import type { HttpClient } from './http-client.ts'

const MEDIA_TYPES = { markdown: 'text/markdown', html: 'text/html' } as const
/** A report is made from what the server has at hand. */
const TIMEOUT_MS = 30_000
const NOT_FOUND = 404

/**
 * The report of an evaluation as the server renders it, with links to itself; undefined from a server of an earlier version, which renders
 * none. `triggeredId`: of the `evaluation.triggered` event.
 */
export async function readReport(
  client: HttpClient,
  triggeredId: string,
  format: keyof typeof MEDIA_TYPES,
): Promise<string | undefined> {
  try {
    const pieces = await client.stream({
      path: `/api/tiphys/v1/evaluations/${encodeURIComponent(triggeredId)}/report`,
      query: { format },
      headers: { accept: MEDIA_TYPES[format] },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    let text = ''
    for await (const piece of pieces) text += piece
    return text
  } catch (error) {
    if (error instanceof ServerRefusedError && error.status === NOT_FOUND) return undefined
    throw error
  }
}
