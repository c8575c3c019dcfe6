import { randomUUID } from 'node:crypto'
import { PROJECT, SEQUENCE, SHIPYARD_YAML, STAGE, TASKS } from './bench-engine.ts'
import type { HttpPool } from './http-connection.ts'
import { finishedData, triggerData } from './sequence-driver.ts'

/** How tasks are answered: two events as Keptn's services send them, or one call of our own API. */
export type AnswerForm = 'events' | 'result'

/** Plays sequences over HTTP, as services outside do. */
export class HttpDriver {
  /** From sending the end of a task to its 200; the next `.triggered` is in the commit that the 200 speaks of. */
  readonly nextTaskMs: number[] = []
  requests = 0
  lists = 0
  readonly #pool: HttpPool
  readonly #form: AnswerForm
  readonly #open: Readonly<Record<string, OpenList>>

  constructor(pool: HttpPool, form: AnswerForm) {
    this.#pool = pool
    this.#form = form
    this.#open = Object.fromEntries(
      TASKS.map((task) => [task, new OpenList(() => this.#listOpen(task))]),
    )
  }

  /** The project with its services, through the API. */
  async createProject(services: number): Promise<void> {
    const projects = '/api/controlPlane/v1/project'
    await this.#post(projects, { name: PROJECT, shipyard: btoa(SHIPYARD_YAML) })
    for (let index = 0; index < services; index++) {
      await this.#post(`${projects}/${PROJECT}/service`, { serviceName: `service-${index}` })
    }
  }

  /** One sequence, from its trigger to the 200 of its last answer, which is on disk with the sequence's end. */
  async play(service: string): Promise<void> {
    const type = `sh.keptn.event.${STAGE}.${SEQUENCE}.triggered`
    const accepted = await this.#post('/api/v1/event', event(type, triggerData(service)))
    const { keptnContext } = JSON.parse(accepted) as { keptnContext: string }
    for (const [index, task] of TASKS.entries()) {
      const triggeredId = (await this.#open[task]?.find(keptnContext)) ?? ''
      const sinceMs = await this.#answer(task, service, keptnContext, triggeredId)
      if (index < TASKS.length - 1) this.nextTaskMs.push(performance.now() - sinceMs)
    }
  }

  /** Answers with the time at which the end of the task was sent. */
  async #answer(
    task: string,
    service: string,
    shkeptncontext: string,
    triggeredid: string,
  ): Promise<number> {
    if (this.#form === 'result') {
      const { result, message, ...rest } = finishedData(task)
      const body = { result, message, data: { [task]: rest[task] }, source: 'bench' }
      const sinceMs = performance.now()
      await this.#post(`/api/tiphys/v1/tasks/${triggeredid}/result`, body)
      return sinceMs
    }
    const scope = { project: PROJECT, stage: STAGE, service }
    const answers = { shkeptncontext, triggeredid }
    const started = event(`sh.keptn.event.${task}.started`, scope)
    await this.#post('/api/v1/event', { ...started, ...answers })
    const finished = event(`sh.keptn.event.${task}.finished`, { ...scope, ...finishedData(task) })
    const sinceMs = performance.now()
    await this.#post('/api/v1/event', { ...finished, ...answers })
    return sinceMs
  }

  async #listOpen(task: string): Promise<OpenEvent[]> {
    this.lists += 1
    this.requests += 1
    const type = `sh.keptn.event.${task}.triggered`
    const path = `/api/controlPlane/v1/event/triggered/${type}?project=${PROJECT}&pageSize=${PAGE_SIZE}`
    const { status, body } = await this.#pool.request('GET', path)
    if (status !== OK) throw new Error(`GET ${path}: ${status} ${body}`)
    return (JSON.parse(body) as { events: OpenEvent[] }).events
  }

  async #post(path: string, body: unknown): Promise<string> {
    this.requests += 1
    const answer = await this.#pool.request('POST', path, body)
    if (answer.status !== OK && answer.status !== CREATED) {
      throw new Error(`POST ${path}: ${answer.status} ${answer.body}`)
    }
    return answer.body
  }
}

const OK = 200
const CREATED = 201
const PAGE_SIZE = 100

type OpenEvent = { readonly id: string; readonly shkeptncontext: string }

/** A page shows the oldest; under a long backlog one has to ask again, but not for ever. */
const MAX_LOOKS = 100

/**
 * The open events of one task, asked for only when somebody needs one: whoever comes while a list is on its way waits for the
 * next, so there is never more than one request at a time, however many sequences are in flight.
 */
class OpenList {
  readonly #list: () => Promise<OpenEvent[]>
  #current: Promise<unknown> = Promise.resolve()
  #next: Promise<Map<string, string>> | undefined

  constructor(list: () => Promise<OpenEvent[]>) {
    this.#list = list
  }

  /** The id of the open event of a context, committed before this call. */
  async find(context: string): Promise<string> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      const id = (await this.#look()).get(context)
      if (id !== undefined) return id
    }
    throw new Error(`context ${context} has no open event`)
  }

  #look(): Promise<Map<string, string>> {
    this.#next ??= this.#current.then(async () => {
      this.#next = undefined
      const listed = this.#list()
      this.#current = listed
      const events = await listed
      return new Map(events.map(({ id, shkeptncontext }) => [shkeptncontext, id]))
    })
    return this.#next
  }
}

/** With an id, as every CloudEvents library sends it: repeats of it would be recognised. */
function event(type: string, data: Readonly<Record<string, unknown>>) {
  return { specversion: '1.0', source: 'bench', id: randomUUID(), type, data }
}
