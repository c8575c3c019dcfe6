import type { ArgoCd } from '../ports/argocd.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

/**
 * One watch stream per Argo CD, shared by everybody who waits for something there. It says "look now", and nothing else: whoever is
 * woken reads the application and decides by that. Without a stream everything works too, a look later.
 */
export interface WakeUps {
  /** News about one application is kept from this call on, until `next` is asked or it is closed. */
  watch(application: { readonly name: string; readonly namespace?: string }): Wake
  /** Every news; without an application it is "anything may have changed" (after a connection was lost). */
  onNews(listener: (news: News) => void): () => void
  /** Whether the stream is open right now. */
  isConnected(): boolean
  close(): Promise<void>
}

export type News = { readonly name: string; readonly namespace: string } | undefined

export type Wake = {
  /** Resolves when there is news, or after that long; rejects with the signal's reason. */
  next(durationMs: number, signal: AbortSignal): Promise<void>
  close(): void
}

export function createWakeUps(parts: {
  readonly argocd: ArgoCd
  readonly clock: Clock
  readonly log: Log
}): WakeUps {
  const { argocd, clock, log } = parts
  const listeners = new Set<(news: News) => void>()
  const stop = new AbortController()
  let connected = false

  async function run(): Promise<void> {
    for await (const news of argocd.watch(stop.signal)) {
      if (news.code === 'disconnected') {
        connected = false
        log.warn(
          { instance: argocd.instance, reconnectInMs: news.reconnectInMs },
          news.failure.message,
        )
        continue
      }
      connected = true
      const told: News = news.code === 'connected' ? undefined : news
      for (const listener of [...listeners]) listener(told)
    }
  }
  const running = run().catch((error: unknown) => {
    log.error({ error, instance: argocd.instance }, 'the watch of Argo CD ended unexpectedly')
  })

  return {
    watch: (application) => createWake(application, listeners, clock),
    onNews(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    isConnected: () => connected,
    async close() {
      stop.abort()
      connected = false
      await running
    },
  }
}

function createWake(
  application: { readonly name: string; readonly namespace?: string },
  listeners: Set<(news: News) => void>,
  clock: Clock,
): Wake {
  let isPending = false
  let waiting: AbortController | undefined
  const listener = (news: News) => {
    const isOther =
      news !== undefined &&
      (news.name !== application.name ||
        (application.namespace !== undefined && news.namespace !== application.namespace))
    if (isOther) return
    isPending = true
    waiting?.abort()
  }
  listeners.add(listener)
  return {
    async next(durationMs, signal) {
      if (!isPending) {
        waiting = new AbortController()
        try {
          await clock.sleep(durationMs, AbortSignal.any([signal, waiting.signal]))
        } catch {
          signal.throwIfAborted()
        } finally {
          waiting = undefined
        }
      }
      isPending = false
    },
    close: () => void listeners.delete(listener),
  }
}
