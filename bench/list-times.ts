import { line, ms, quantile } from './figures.ts'
import type { ServerProcess } from './server-process.ts'

export type ListTimes = { readonly name: string; readonly tookMs: readonly number[] }

const ASKED = 20
const OK = 200

/** How long the lists take that people and clients look at, one request at a time. */
export async function measureLists(server: ServerProcess, project: string): Promise<ListTimes[]> {
  const context = await someContext(server, project)
  const events = '/api/mongodb-datastore/event'
  const lists: Readonly<Record<string, string>> = {
    'runs of a project': `/api/tiphys/v1/runs?project=${project}&pageSize=20`,
    'runs of a lane': `/api/tiphys/v1/runs?project=${project}&stage=dev&service=service-7&pageSize=20`,
    'sequences of a project': `/api/controlPlane/v1/sequence/${project}?pageSize=20`,
    'one context': `/api/tiphys/v1/contexts/${context}?project=${project}`,
    'events of a context': `${events}?project=${project}&keptnContext=${context}&pageSize=50`,
    'events of a project': `${events}?project=${project}&pageSize=20`,
    'events of a type': `${events}?project=${project}&type=sh.keptn.event.check.finished&pageSize=20`,
    'roots of a project': `${events}?project=${project}&root=true&pageSize=20`,
    'events of a service': `${events}?project=${project}&service=service-7&pageSize=20`,
  }
  const times: ListTimes[] = []
  for (const [name, path] of Object.entries(lists)) {
    const tookMs: number[] = []
    for (let count = 0; count < ASKED; count++) {
      const startMs = performance.now()
      const { status, body } = await server.pool.request('GET', path)
      if (status !== OK) throw new Error(`GET ${path}: ${status} ${body}`)
      tookMs.push(performance.now() - startMs)
    }
    times.push({ name, tookMs })
  }
  return times
}

export function printLists(times: readonly ListTimes[]): void {
  for (const { name, tookMs } of times) {
    line(`list: ${name}`, `p50 ${ms(quantile(tookMs, 0.5))}, most ${ms(quantile(tookMs, 1))}`)
  }
}

/** One from the newest hundred. */
async function someContext(server: ServerProcess, project: string): Promise<string> {
  const path = `/api/mongodb-datastore/event?project=${project}&pageSize=100`
  const { body } = await server.pool.request('GET', path)
  const { events } = JSON.parse(body) as { events: { shkeptncontext?: string }[] }
  const found = events.at(-1)?.shkeptncontext
  if (found === undefined) throw new Error(`project ${project} has no events`)
  return found
}
