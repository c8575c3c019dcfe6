import { EXIT } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { ServerRefusedError, ServerUnreachableError } from './errors.ts'

export type BackupDownload = {
  readonly sizeBytes: number
  readonly content: AsyncIterable<Uint8Array>
}

const HTTP_UNAUTHENTICATED = 401
/** Another backup is under way: the same call may work later. */
const HTTP_CONFLICT = 409

/**
 * Asks for a backup and answers when it begins to come: the server copies its log first, which takes as long as its disk needs. Throws
 * ServerUnreachableError or ServerRefusedError; reading the content throws ServerUnreachableError when the connection breaks.
 */
export async function downloadBackup(
  connection: { readonly endpoint: string; readonly token?: string },
  wish: { readonly includeSecretKey: boolean },
): Promise<BackupDownload> {
  const { endpoint, token } = connection
  const url = new URL(`${endpoint}/api/tiphys/v1/backup`)
  if (wish.includeSecretKey) url.searchParams.set('includeSecretKey', 'true')
  const headers: Record<string, string> = token === undefined ? {} : { 'x-token': token }
  const response = await fetch(url, { method: 'POST', headers, redirect: 'manual' }).catch(
    (error: unknown) => {
      throw new ServerUnreachableError(endpoint, error)
    },
  )
  if (!response.ok || response.body === null) throw await refusal(response)
  const { body } = response
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body) yield chunk
    } catch (error) {
      throw new ServerUnreachableError(endpoint, error)
    }
  }
  return { sizeBytes: Number(response.headers.get('content-length') ?? 0), content: content() }
}

async function refusal(response: Response): Promise<CommandFailure> {
  const text = await response.text().catch(() => '')
  const message = messageOf(text) ?? `the server answered ${response.status}`
  if (response.status === HTTP_CONFLICT) return new CommandFailure(message, EXIT.noVerdict)
  const advice =
    response.status === HTTP_UNAUTHENTICATED
      ? '; log in with: tiphys auth --endpoint <url> --api-token <token>'
      : ''
  return new ServerRefusedError(response.status, `${message}${advice}`)
}

function messageOf(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' && message !== '' ? message : undefined
  } catch {
    return undefined
  }
}
