import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { GuardedHttp } from '../http/guarded-http.ts'
import { HttpError } from '../http/http-error.ts'
import { DEFAULT_RETRY, type RetryPolicy, withRetry } from '../http/retry.ts'

/** What sources of credentials need from outside. */
export type CredentialPower = {
  readonly http: GuardedHttp
  readonly retry?: RetryPolicy | undefined
  /** Of the process, as cloud platforms fill it. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly nowMs: () => number
}

export type CredentialQuestion = {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent to this origin only, whatever a redirect says. */
  readonly secretHeaders?: Readonly<Record<string, string>>
  readonly body?: string
  /** Of one try; 10 s unless set. */
  readonly timeoutMs?: number
  readonly tls?: ConnectionTls | undefined
}

export type CredentialAnswer =
  | { readonly ok: true; readonly status: number; readonly text: string }
  | { readonly ok: false; readonly message: string }

const TIMEOUT_MS = 10_000
/** What runs beside us answers at once, or, in a network that does not lead there, never. */
export const LINK_LOCAL_TIMEOUT_MS = 2_000
const MAX_ANSWER_BYTES = 256 * 1024

/**
 * One question to a source of credentials: a token endpoint, or a cloud's metadata service. Where it goes is the operator's choice, made in
 * tiphys.yaml and in the environment of the process, which is why it may go to link-local addresses that no URL of a user may reach
 * (http/address-policy.ts). No text of a project's file ever gets here.
 */
export async function askForCredential(
  { http, retry = DEFAULT_RETRY }: Pick<CredentialPower, 'http' | 'retry'>,
  { url, method = 'GET', headers, secretHeaders, body, timeoutMs, tls }: CredentialQuestion,
): Promise<CredentialAnswer> {
  const send = () =>
    http.request({
      url,
      urlClass: 'operator',
      method,
      timeoutMs: timeoutMs ?? TIMEOUT_MS,
      maxResponseBytes: MAX_ANSWER_BYTES,
      ...(headers && { headers }),
      ...(secretHeaders && { credentials: secretHeaders }),
      ...(body === undefined ? {} : { body }),
      ...(tls && { tls }),
    })
  try {
    const { status, text } = await withRetry(send, retry)
    return { ok: true, status, text }
  } catch (thrown) {
    if (!(thrown instanceof HttpError)) throw thrown
    return { ok: false, message: thrown.message }
  }
}
