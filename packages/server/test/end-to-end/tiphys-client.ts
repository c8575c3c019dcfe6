import assert from 'node:assert/strict'
import { ContextTimeline, type Run, RunPage } from '@tiphys/contract/http/native-run.ts'
import { type Answer, type SendOptions, send } from '../api/test-api.ts'
import { until } from './until.ts'

/** Where resources lie: the project, one of its stages, or a service in a stage. */
export type Place = { readonly project: string; readonly stage?: string; readonly service?: string }

export type TriggerWish = {
  readonly project?: string
  readonly stage?: string
  readonly service?: string
  readonly sequence?: string
  /** What is deployed: `values.image`. */
  readonly image?: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly envelope?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

const EMPTY_BODY = {}

/** Plain HTTP against a running Tiphys, as any client would do it. Setting up asserts; asking answers what came. */
export class TiphysClient {
  readonly #url: () => string
  readonly #token: string

  constructor(url: () => string, token: string) {
    this.#url = url
    this.#token = token
  }

  ask(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    return send(this.#url(), method, path, { token: this.#token, ...options })
  }

  async createProject(name: string, shipyard: string, services: readonly string[]): Promise<void> {
    const path = '/api/controlPlane/v1/project'
    await this.#must('POST', path, { name, shipyard: base64(shipyard) })
    for (const serviceName of services) {
      await this.#must('POST', `${path}/${name}/service`, { serviceName })
    }
  }

  /** All files in one commit; answers its id. */
  async write(place: Place, files: Readonly<Record<string, string>>): Promise<string> {
    const answer = await this.#must('POST', resourcesOf(place), { resources: encoded(files) })
    return (answer.json as { commitID: string }).commitID
  }

  /** The same, for files that are to be refused. */
  tryToWrite(place: Place, files: Readonly<Record<string, string>>): Promise<Answer> {
    return this.ask('POST', resourcesOf(place), { body: { resources: encoded(files) } })
  }

  async mintToken(
    name: string,
    scopes: readonly string[],
    projects: readonly string[] = ['*'],
  ): Promise<string> {
    const answer = await this.#must('POST', '/api/tiphys/v1/tokens', { name, scopes, projects })
    return (answer.json as { token: string }).token
  }

  /** Posts `<stage>.<sequence>.triggered` in the form of Keptn's documentation. */
  post(wish: TriggerWish = {}): Promise<Answer> {
    const { project = 'shop', stage = 'staging', service = 'carts', sequence = 'delivery' } = wish
    const change =
      wish.image === undefined ? {} : { configurationChange: { values: { image: wish.image } } }
    const body = {
      type: `sh.keptn.event.${stage}.${sequence}.triggered`,
      source: 'end-to-end-test',
      specversion: '1.0',
      ...wish.envelope,
      data: { project, stage, service, ...change, ...wish.data },
    }
    return this.ask('POST', '/api/v1/event', { body, headers: wish.headers ?? {} })
  }

  /** The same, for events that are to be accepted; answers the context. */
  async trigger(wish: TriggerWish = {}): Promise<string> {
    const answer = await this.post(wish)
    assert.equal(answer.status, 200, answer.text)
    return contextOf(answer)
  }

  async context(context: string): Promise<ContextTimeline> {
    const answer = await this.ask('GET', `/api/tiphys/v1/contexts/${context}`)
    assert.equal(answer.status, 200, answer.text)
    return ContextTimeline.parse(answer.json)
  }

  async runs(project = 'shop'): Promise<readonly Run[]> {
    const answer = await this.ask('GET', `/api/tiphys/v1/runs?project=${project}&pageSize=100`)
    assert.equal(answer.status, 200, answer.text)
    return RunPage.parse(answer.json).runs
  }

  /** Until what is looked for is there, in a context that is followed by polling. */
  async seen<T>(
    context: string,
    what: string,
    look: (timeline: ContextTimeline) => T | undefined,
    patienceMs?: number,
  ): Promise<T> {
    let last: ContextTimeline | undefined
    return await until(
      what,
      async () => {
        last = await this.context(context)
        return look(last)
      },
      {
        seen: () => last?.runs.map(outline),
        ...(patienceMs === undefined ? {} : { patienceMs }),
      },
    )
  }

  /** Until no run of the context is open. */
  ended(context: string, patienceMs?: number): Promise<ContextTimeline> {
    const look = (timeline: ContextTimeline) => (timeline.open ? undefined : timeline)
    return this.seen(context, `the end of ${context}`, look, patienceMs)
  }

  /** Until a task of that name is open in the context; answers its triggered id. */
  openTask(context: string, name: string): Promise<string> {
    return this.seen(context, `an open ${name}`, (timeline) => {
      const tasks = timeline.runs.flatMap((run) => run.tasks)
      return tasks.find((task) => task.name === name && task.state === 'open')?.triggeredId
    })
  }

  async report(triggeredId: string, result: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#must('POST', `/api/tiphys/v1/tasks/${triggeredId}/result`, result)
  }

  async #must(method: string, path: string, body: object = EMPTY_BODY): Promise<Answer> {
    const answer = await this.ask(method, path, { body })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer
  }
}

export function contextOf(answer: Answer): string {
  return (answer.json as { keptnContext: string }).keptnContext
}

/** What is worth reading of a run in a failed test. */
export function outline(run: Run) {
  const { stage, sequence, state, status, result, message, waiting } = run
  const tasks = run.tasks.map(
    (task) =>
      `${task.name} ${task.state} ${task.status ?? ''}/${task.result ?? ''} ${task.message ?? task.progress?.message ?? ''}`,
  )
  const why = waiting.map((one) => one.message)
  return { run: `${stage}.${sequence}`, state, status, result, message, tasks, why }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function encoded(files: Readonly<Record<string, string>>) {
  return Object.entries(files).map(([resourceURI, text]) => ({
    resourceURI,
    resourceContent: base64(text),
  }))
}

function resourcesOf({ project, stage, service }: Place): string {
  const inStage = stage === undefined ? '' : `/stage/${stage}`
  const inService = service === undefined ? '' : `/service/${service}`
  return `/api/resource-service/v1/project/${project}${inStage}${inService}/resource`
}
