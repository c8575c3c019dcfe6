import assert from 'node:assert/strict'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'

export type WireEvent = {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly time: string
  readonly shkeptncontext: string
  readonly triggeredid?: string
  readonly gitcommitid?: string
  readonly data: Readonly<Record<string, unknown>>
  readonly [extension: string]: unknown
}

export const PREFIX = 'sh.keptn.event.'

/** A real server, talked to as Keptn's clients do: events in by one door, events out of the event store. */
export async function openKeptn(shipyard: string, services: readonly string[]) {
  const installation = await openInstallation()
  try {
    await installation.client.createProject('shop', shipyard, services)
  } catch (error) {
    await installation[Symbol.asyncDispose]()
    throw error
  }
  return { installation, ...keptnClient(installation) }
}

function keptnClient(installation: Installation) {
  const ask = (...request: Parameters<Installation['client']['ask']>) =>
    installation.client.ask(...request)

  async function post(event: object) {
    return await ask('POST', '/api/v1/event', { body: { source: 'a-client', ...event } })
  }

  /** Everything of a context, oldest first. */
  async function events(context: string): Promise<readonly WireEvent[]> {
    const path = `/api/mongodb-datastore/event?project=shop&keptnContext=${context}&pageSize=100`
    const answer = await ask('GET', path)
    assert.equal(answer.status, 200, answer.text)
    return (answer.json as { events: WireEvent[] }).events.toReversed()
  }

  return {
    ask,
    post,
    events,
    /** The newest event of a type in a context. */
    async last(context: string, type: string): Promise<WireEvent> {
      const found = (await events(context)).findLast((one) => one.type === PREFIX + type)
      assert.ok(found, `there is a ${type} in ${context}`)
      return found
    },
    /** Posts an answer to an open task as a service of Keptn does. */
    async reply(open: WireEvent, kind: string, data: object = {}, envelope: object = {}) {
      const { project, stage, service } = open.data
      const answer = await post({
        type: open.type.replace(/triggered$/, kind),
        triggeredid: open.id,
        shkeptncontext: open.shkeptncontext,
        ...envelope,
        data: { project, stage, service, ...data },
      })
      assert.equal(answer.status, 200, answer.text)
      return answer
    },
  }
}

export type Keptn = Awaited<ReturnType<typeof openKeptn>>

export function task(name: string, more = ''): string {
  return `            - { name: ${name}, properties: { executor: external${more} } }`
}
