import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../ports/log.ts'

/** Requests that take longer than this are cut off: their clients ask again. */
const DRAIN_LIMIT_MS = 8_000
const LOOK_EVERY_MS = 25

/**
 * Ends an HTTP server as its clients like it: nothing new is accepted, what is under way is answered, connections that are kept alive are
 * closed when they fall idle, and a client that does not read cannot hold it up.
 */
export async function drain(
  app: Pick<FastifyInstance, 'close' | 'server'>,
  log: Pick<Log, 'warn'>,
  limitMs = DRAIN_LIMIT_MS,
): Promise<void> {
  let isClosed = false
  const closed = app.close().then(() => {
    isClosed = true
  })
  for (let leftMs = limitMs; !isClosed && leftMs > 0; leftMs -= LOOK_EVERY_MS) {
    app.server.closeIdleConnections()
    await Promise.race([closed, delay(LOOK_EVERY_MS)])
  }
  if (!isClosed) {
    log.warn({ limitMs }, 'requests were still under way; their connections are closed')
    app.server.closeAllConnections()
  }
  await closed
}
