import type { ServerResponse } from 'node:http'
import type { Application } from '../../application/application.ts'
import type { ApplicationEvent } from '../../application/application-store.ts'
import { withResourceHealth } from '../application-view.ts'
import { parseFields, selectPaths } from '../fields.ts'
import { findQueried, type Reply, type RequestContext, type Route } from '../request-context.ts'
import { resourceTree } from '../resource-tree.ts'
import { applicationFilter } from './read.ts'

export const streamRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/v1/stream/applications', handle: watchApplications },
  { method: 'GET', path: '/api/v1/stream/applications/{name}/resource-tree', handle: watchTree },
]

/**
 * Without a resourceVersion, or with a name, it begins with ADDED for every match; afterwards it tells what
 * changes. Some events never arrive (trap `lostWatchEvents`), and none has an id.
 */
function watchApplications(context: RequestContext): Reply {
  const filter = applicationFilter(context)
  if ('refusal' in filter) return filter
  const { store, applications, traps, random } = context.services
  const { query } = context
  const fields = parseFields(query.get('fields'))
  const sender = openStream(context)
  const send = (type: ApplicationEvent['type'], application: Application) => {
    const event = { result: { type, application: withResourceHealth(application, applications) } }
    const { namespace, name } = application.metadata
    sender.send(`${namespace}/${name}`, fields === undefined ? event : selectPaths(event, fields))
  }
  const startsAt = Number(query.get('resourceVersion') ?? '') || 0
  if (startsAt === 0 || (query.get('name') ?? '') !== '') {
    for (const application of store.list()) {
      if (filter.matches(application)) send('ADDED', application)
    }
  }
  sender.onEnd(
    store.subscribe(({ type, application }) => {
      if (!filter.matches(application) || random() < traps.lostWatchEvents) return
      if (Number(application.metadata.resourceVersion) >= startsAt) send(type, application)
    }),
  )
  return 'streamed'
}

function watchTree(context: RequestContext): Reply {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const { store } = context.services
  const sender = openStream(context)
  const send = () => {
    const application = store.get(found.key)
    if (application === undefined) return
    sender.send(found.key, { result: resourceTree(application, found.running.cluster) })
  }
  send()
  sender.onEnd(store.subscribe(send))
  return 'streamed'
}

type Sender = {
  /** Drops the value if it equals the last one of the same key. */
  send(key: string, value: unknown): void
  onEnd(listener: () => void): void
}

/**
 * Newline-delimited JSON, or server-sent events for `Accept: text/event-stream` (that exact text). Only the
 * latter has a keepalive: a comment line whenever it was silent for long.
 */
function openStream(context: RequestContext): Sender {
  const { request, response, services } = context
  const isEventStream = request.headers.accept === 'text/event-stream'
  response.writeHead(200, {
    'content-type': isEventStream ? 'text/event-stream' : 'application/json',
    'cache-control': 'no-cache',
  })
  response.flushHeaders()
  const last = new Map<string, string>()
  const listeners: (() => void)[] = []
  const keepAlive = isEventStream
    ? setInterval(() => write(response, ':\n'), services.timing.keepAliveMs)
    : undefined
  const end = () => response.end()
  services.closing.addEventListener('abort', end)
  response.on('close', () => {
    clearInterval(keepAlive)
    services.closing.removeEventListener('abort', end)
    for (const listener of listeners) listener()
  })
  return {
    send(key, value) {
      const text = JSON.stringify(value)
      if (last.get(key) === text) return
      last.set(key, text)
      write(response, isEventStream ? `data: ${text} \n\n` : `${text}\n`)
      keepAlive?.refresh()
    },
    onEnd: (listener) => listeners.push(listener),
  }
}

function write(response: ServerResponse, text: string): void {
  if (!response.writableEnded && !response.destroyed) response.write(text)
}
