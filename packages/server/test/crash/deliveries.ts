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
/** A service that takes its time: the story goes on while the server is killed. */
const ANSWERED_PER_LOOK = 4

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

/** Runs that need nothing but a service outside, one after the other in the lane of a service. */
export async function triggerChecks(
  client: PatientClient,
  service: string,
  count: number,
): Promise<Answered[]> {
  const answered: Answered[] = []
  for (let number = 0; number < count; number++) {
    const id = randomUUID()
    const type = `sh.keptn.event.${STAGE}.check.triggered`
    const data = { project: PROJECT, stage: STAGE, service }
    const posted = await client.post('/api/v1/event', { ...envelope(id, type), data })
    answered.push(answeredOf(id, type, posted))
  }
  return answered
}

/**
 * Answers every handover as a service outside would, a few at each look, until the signal says that it is over. `onAnswered` hears of each
 * that the server has taken.
 */
export async function answerHandovers(
  client: PatientClient,
  signal: AbortSignal,
  onAnswered: () => void,
): Promise<Answered[]> {
  const answers = new Map<string, Promise<Answered[]>>()
  const path = `/api/controlPlane/v1/event/triggered/${HANDOVER}.triggered?project=${PROJECT}&pageSize=${PAGE_SIZE}`
  while (!signal.aborted) {
    const { events } = EventPageBody.parse(await client.get(path))
    const fresh = events.filter(({ id }) => !answers.has(id)).slice(0, ANSWERED_PER_LOOK)
    for (const event of fresh) {
      const answered = answer(client, event)
      answered.then(onAnswered, () => undefined)
      answers.set(event.id, answered)
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
  const runs: Run[] = []
  for (;;) {
    const query = `project=${PROJECT}&pageSize=${PAGE_SIZE}&nextPageKey=${runs.length}`
    const page = RunPage.parse(await client.get(`/api/tiphys/v1/runs?${query}`))
    runs.push(...page.runs)
    if (page.runs.length < PAGE_SIZE) return runs
  }
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
