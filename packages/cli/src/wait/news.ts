import { setTimeout as delay } from 'node:timers/promises'
import { followEvents } from '../client/event-stream.ts'
import type { HttpClient } from '../client/http-client.ts'

/** Tells when a context is worth another look. It decides nothing: a look does. */
export type News = {
  /** Resolves when something happened since the last call, when it is time to look anyway, after `limitMs`, or when it is interrupted. */
  wait(limitMs: number, interrupt: AbortSignal): Promise<void>
  close(): void
}

/** Without a stream. */
const POLL_EVERY_MS = 1_000
/** With one: what a run waits for may change without an event of its own. */
const LOOK_ANYWAY_MS = 5_000
/** A load test tells its progress all the time. */
const LOOK_AT_MOST_EVERY_MS = 200

/** News of a context from its stream; where the server has none, a second is news. */
export function followContext(client: HttpClient, context: string, project: string): News {
  const over = new AbortController()
  const { signal } = over
  let isStreaming = false
  let isNew = false
  let wake = () => {}

  async function follow(): Promise<void> {
    const path = `/api/tiphys/v1/contexts/${encodeURIComponent(context)}/events/stream`
    const query = { project, from: 'now', keptnOnly: 'false' }
    for await (const { code } of followEvents(client, { path, query, signal })) {
      isStreaming = code === 'open' || code === 'event'
      isNew = true
      wake()
    }
  }
  // What is wrong is found by the next look, which says it.
  const following = follow().catch(() => undefined)
  void following.then(() => {
    isStreaming = false
  })

  return {
    async wait(limitMs, interrupt) {
      const ended = AbortSignal.any([signal, interrupt])
      await pause(Math.min(LOOK_AT_MOST_EVERY_MS, limitMs), ended)
      const longestMs = isStreaming ? LOOK_ANYWAY_MS : POLL_EVERY_MS
      const leftMs = Math.min(longestMs, limitMs) - LOOK_AT_MOST_EVERY_MS
      if (!isNew && leftMs > 0) {
        const woken = new AbortController()
        wake = () => woken.abort()
        await pause(leftMs, AbortSignal.any([ended, woken.signal]))
      }
      isNew = false
    },
    close: () => over.abort(),
  }
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return delay(durationMs, undefined, { signal }).catch(() => undefined)
}
