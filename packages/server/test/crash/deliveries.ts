import { randomUUID } from 'node:crypto'
import { EventPageBody, type ShownEvent } from '@tiphys/contract/http/keptn-event-store.ts'
import { EventAccepted } from '@tiphys/contract/http/keptn-project.ts'
import { type Run, RunPage } from '@tiphys/contract/http/native-run.ts'
import type { z } from 'zod'
import { argocdYaml, type CrashWorld, PROJECT, SHIPYARD, STAGE } from './crash-world.ts'
import type { PatientClient, Posted } from './patient-client.ts'

/** An event that the server answered with 200: from then on it may not be lost. */
export type Answered = {
  /** The client's own, `tiphysclientid` in the log. */
  readonly id: string
  readonly type: string
  readonly context: string
  /** The answer of an earlier try was lost in a kill, and this one was recognised as a repeat. */
  readonly isRepeat: boolean
}

const HANDOVER = 'sh.keptn.event.handover'
const LOOK_EVERY_MS = 100
const PAGE_SIZE = 100

export async function configure(
  world: CrashWorld,
  client: PatientClient,
  services: readonly string[],
): Promise<void> {
  const projects = '/api/controlPlane/v1/project'
  await client.post(projects, { name: PROJECT, shipyard: base64(SHIPYARD) })
  for (const serviceName of services) {
    await client.post(`${projects}/${PROJECT}/service`, { serviceName })
  }
  await client.post(`/api/resource-service/v1/project/${PROJECT}/resource`, {
    resources: [
      { resourceURI: 'argocd.yaml', resourceContent: base64(argocdYaml(world.repository)) },
    ],
  })
}

/** Deliveries of a service in this order: its lane runs them one after the other. */
export async function triggerAll(
  client: PatientClient,
  service: string,
  tags: readonly string[],
): Promise<Answered[]> {
  const answered: Answered[] = []
  for (const tag of tags) {
    const id = randomUUID()
    const type = `sh.keptn.event.${STAGE}.delivery.triggered`
    const data = {
      project: PROJECT,
      stage: STAGE,
      service,
      configurationChange: { values: { image: `sample:${tag}` } },
    }
    const posted = await client.post('/api/v1/event', { ...envelope(id, type), data })
    answered.push(answeredOf(id, type, posted))
  }
  return answered
}

/** Answers every handover as a service outside would, until the signal says that it is over. */
export async function answerHandovers(
  client: PatientClient,
  signal: AbortSignal,
): Promise<Answered[]> {
  const answers = new Map<string, Promise<Answered[]>>()
  const path = `/api/controlPlane/v1/event/triggered/${HANDOVER}.triggered?project=${PROJECT}&pageSize=${PAGE_SIZE}`
  while (!signal.aborted) {
    const { events } = EventPageBody.parse(await client.get(path))
    for (const event of events) {
      if (!answers.has(event.id)) answers.set(event.id, answer(client, event))
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return (await Promise.all(answers.values())).flat()
}

async function answer(
  client: PatientClient,
  triggered: z.output<typeof ShownEvent>,
): Promise<Answered[]> {
  const { id: triggeredid, shkeptncontext } = triggered
  const { project, stage, service } = triggered.data
  const answered: Answered[] = []
  for (const action of ['started', 'finished']) {
    const id = randomUUID()
    const type = `${HANDOVER}.${action}`
    const posted = await client.post(
      '/api/v1/event',
      {
        ...envelope(id, type),
        shkeptncontext,
        triggeredid,
        data: { project, stage, service, status: 'succeeded', result: 'pass' },
      },
      // A second `finished` would count (behaviour.md 1), so this one says itself that it is a repeat.
      { 'idempotency-key': `${triggeredid}-${action}` },
    )
    answered.push(answeredOf(id, type, posted))
  }
  return answered
}

export async function allRuns(client: PatientClient): Promise<readonly Run[]> {
  const path = `/api/tiphys/v1/runs?project=${PROJECT}&pageSize=${PAGE_SIZE}`
  return RunPage.parse(await client.get(path)).runs
}

function answeredOf(id: string, type: string, { body, isRepeat }: Posted): Answered {
  const { keptnContext } = EventAccepted.parse(body)
  return { id, type, context: keptnContext, isRepeat }
}

function envelope(id: string, type: string) {
  return { specversion: '1.0', source: 'crash-test', id, type }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
