import { SEQUENCE, STAGE, TASKS } from './bench-engine.ts'
import type { HttpPool } from './http-connection.ts'
import { finishedData, triggerData } from './sequence-driver.ts'

/**
 * Plays sequences as a worker with much to do does: what was triggered while the last request was on its way goes out together, so do the
 * results, and one request that waits tells of new tasks.
 */
export class BatchedDriver {
  /** From sending the end of a task to the answer that accepts it; the next `.triggered` is in the same commit. */
  readonly nextTaskMs: number[] = []
  requests = 0
  readonly #pool: HttpPool
  readonly #triggers: Batcher<object, Outcome>
  readonly #results: Batcher<object, Outcome>
  readonly #tasks = new Map<string, PromiseWithResolvers<string>>()
  #playing = 0
  #polling: Promise<void> | undefined

  constructor(pool: HttpPool) {
    this.#pool = pool
    this.#triggers = new Batcher((events) => this.#send('/api/tiphys/v1/events', events))
    this.#results = new Batcher((results) => this.#send(`${TASK_ROUTES}/results`, { results }))
  }

  /** One sequence, from its trigger to the answer that accepts its last result. */
  async play(service: string): Promise<void> {
    this.#playing += 1
    this.#polling ??= this.#poll()
    const type = `sh.keptn.event.${STAGE}.${SEQUENCE}.triggered`
    const event = { specversion: '1.0', source: 'bench', type, data: triggerData(service) }
    // A client that names the context knows it before the answer.
    const context = crypto.randomUUID()
    for (const [index, task] of TASKS.entries()) {
      const key = `${context}/${task}`
      if (index === 0) await this.#triggers.add({ ...event, shkeptncontext: context })
      const triggeredId = await this.#taskOf(key).promise
      this.#tasks.delete(key)
      const { result, message, ...rest } = finishedData(task)
      const item = { triggeredId, result, message, source: 'bench', data: { [task]: rest[task] } }
      const sinceMs = performance.now()
      await this.#results.add(item)
      if (index < TASKS.length - 1) this.nextTaskMs.push(performance.now() - sinceMs)
    }
    this.#playing -= 1
  }

  #taskOf(key: string): PromiseWithResolvers<string> {
    const known = this.#tasks.get(key) ?? Promise.withResolvers<string>()
    this.#tasks.set(key, known)
    return known
  }

  async #send(path: string, body: unknown): Promise<Outcome[]> {
    const answer = await this.#request('POST', path, body)
    const { outcomes } = JSON.parse(answer) as { outcomes: Outcome[] }
    const refused = outcomes.find(({ code }) => code !== OK)
    if (refused !== undefined) throw new Error(`POST ${path}: ${JSON.stringify(refused)}`)
    return outcomes
  }

  /** Asks for new tasks while anything plays. */
  async #poll(): Promise<void> {
    for (let after = ''; this.#playing > 0; ) {
      const query = `limit=${PAGE_SIZE}&wait=${WAIT}${after === '' ? '' : `&after=${after}`}`
      const page = JSON.parse(
        await this.#request('GET', `${TASK_ROUTES}/open?${query}`),
      ) as OpenPage
      after = page.next
      for (const { triggeredId, keptnContext, task } of page.tasks) {
        const key = `${keptnContext}/${task}`
        // A task may be told of before the answer to the result before it.
        this.#taskOf(key).resolve(triggeredId)
      }
    }
    this.#polling = undefined
  }

  async #request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<string> {
    this.requests += 1
    const answer = await this.#pool.request(method, path, body)
    if (answer.status !== OK) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return answer.body
  }
}

const OK = 200
const TASK_ROUTES = '/api/tiphys/v1/tasks'
const PAGE_SIZE = 500
/** When the last sequence is over the driver waits this long once. */
const WAIT = '200ms'

type Outcome = { readonly code: number }
type OpenPage = {
  readonly next: string
  readonly tasks: readonly {
    readonly triggeredId: string
    readonly keptnContext: string
    readonly task: string
  }[]
}

/** One request at a time; what is added meanwhile goes into the next one together. */
class Batcher<Item, Answer> {
  readonly #send: (items: Item[]) => Promise<Answer[]>
  #items: { item: Item; resolve(answer: Answer): void; reject(error: unknown): void }[] = []
  #isSending = false

  constructor(send: (items: Item[]) => Promise<Answer[]>) {
    this.#send = send
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#items.push({ item, resolve, reject })
      if (!this.#isSending) {
        this.#isSending = true
        // What else happens in this turn of the event loop comes along.
        setImmediate(() => void this.#sendAll())
      }
    })
  }

  async #sendAll(): Promise<void> {
    while (this.#items.length > 0) {
      const batch = this.#items.splice(0, MAX_ITEMS)
      try {
        const answers = await this.#send(batch.map(({ item }) => item))
        for (const [index, { resolve, reject }] of batch.entries()) {
          const answer = answers[index]
          if (answer === undefined) reject(new Error('a batch was answered with too few outcomes'))
          else resolve(answer)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isSending = false
  }
}

const MAX_ITEMS = 500
