/** A client that lives with a server that dies: it asks again until there is an answer. */
export type PatientClient = {
  get(path: string): Promise<unknown>
  /**
   * Sent again after every lost answer, so the server must recognise repeats: by the event's id or an Idempotency-Key. Throws when
   * the server refuses.
   */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Posted>
  /** Requests that had to be sent again. */
  repeats(): number
}

export type Posted = {
  readonly body: unknown
  /** An earlier try had been taken, and its answer was lost. */
  readonly isRepeat: boolean
}

const AGAIN_AFTER_MS = 100
/** One request; far longer than any answer takes on a busy machine. */
const ANSWER_LIMIT_MS = 10_000
const SERVER_ERROR = 500

export function patientClient(url: string, token: string, signal: AbortSignal): PatientClient {
  let repeats = 0

  async function once(
    path: string,
    init: { method: string; body?: string; headers?: Readonly<Record<string, string>> },
  ): Promise<{ posted: Posted } | undefined> {
    let answer: Response
    let text: string
    try {
      answer = await fetch(`${url}${path}`, {
        ...init,
        headers: { 'x-token': token, 'content-type': 'application/json', ...init.headers },
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
      })
      text = await answer.text()
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Error) return undefined
      throw error
    }
    if (answer.status >= SERVER_ERROR) return undefined
    if (!answer.ok) throw new Error(`${init.method} ${path}: ${answer.status} ${text}`)
    const isRepeat = answer.headers.get('tiphys-duplicate') === 'true'
    return { posted: { body: JSON.parse(text), isRepeat } }
  }

  async function until(path: string, init: Parameters<typeof once>[1]): Promise<Posted> {
    for (;;) {
      const answered = await once(path, init)
      if (answered !== undefined) return answered.posted
      repeats += 1
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS))
    }
  }

  return {
    get: async (path) => (await until(path, { method: 'GET' })).body,
    post: (path, body, headers = {}) =>
      until(path, { method: 'POST', body: JSON.stringify(body), headers }),
    repeats: () => repeats,
  }
}
