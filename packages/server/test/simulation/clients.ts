import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import type { Actor } from '../../src/intake/actor.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { ServerProcess } from './server-process.ts'
import type { StoryClock } from './story-clock.ts'
import type { Fault } from './swarm.ts'

/** One request of a client, with everything that came of it. */
export type Message = {
  /** The client's id of the event, `tiphysclientid` in the log. */
  readonly id: string
  readonly type: string
  readonly triggeredId?: string
  readonly key?: string
  /** When each copy reached a server, on its wall clock. */
  readonly arrivals: number[]
  readonly answers: Answer[]
}

export type Answer = {
  readonly code: string
  readonly context: string
  readonly eventId: string
  readonly isRepeat: boolean
  /** The project that took it: names are used again after a deletion. */
  readonly projectId: string
}

export type ClientParts = {
  readonly random: SeededRandom
  readonly clock: StoryClock
  readonly has: (fault: Fault) => boolean
  /** Any process that listens right now. */
  readonly server: () => ServerProcess | undefined
  readonly tell: (what: string) => void
}

export type Wish = {
  readonly id: string
  readonly body: JsonObject
  readonly key?: string
}

const ANYBODY: Actor = {
  name: 'anybody',
  scopes: ['answer', 'trigger', 'approve'],
  projects: ['*'],
}
const LATE = 0.3
const LONGEST_DELAY_MS = 30 * 60_000
const REPEATED = 0.15
const LOST = 0.1
/** Some clients send and forget; the others send again until they are answered. */
const PATIENT = 0.7
const AGAIN_AFTER_MS = 20_000
const MOST_TRIES = 12

/** The network between clients and the server: it delays, repeats, reorders and loses. */
export function createClients(parts: ClientParts) {
  const { random, clock, has, tell } = parts
  const messages: Message[] = []

  async function deliver(message: Message, wish: Wish): Promise<void> {
    const server = parts.server()
    if (server === undefined) return
    message.arrivals.push(clock.nowMs())
    const idNow = () => server.projects.find(projectOf(wish.body))?.projectId
    const before = idNow()
    const options = wish.key === undefined ? {} : { idempotencyKey: wish.key }
    const answer = await server.intake.accept(wish.body, ANYBODY, options)
    if (server.isDead()) return
    if (answer.code !== 'accepted') {
      const nothing = { context: '', eventId: '', isRepeat: false, projectId: '' }
      message.answers.push({ code: answer.code, ...nothing })
      return
    }
    const projectId = before ?? idNow() ?? ''
    const { keptnContext: context, eventId, duplicate: isRepeat } = answer
    message.answers.push({ code: answer.code, context, eventId, isRepeat, projectId })
  }

  async function keepTrying(message: Message, wish: Wish, isPatient: boolean): Promise<void> {
    for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
      const isLost = has('message-lost') && random.chance(LOST)
      if (isLost) tell(`the network loses ${wish.id}`)
      else void deliver(message, wish).catch(() => undefined)
      if (!isPatient) return
      await clock.sleep(AGAIN_AFTER_MS)
      if (message.answers.length > 0) return
    }
  }

  return {
    messages,
    /** Hands an event to the network; when, how often and whether it arrives is the network's. */
    send(wish: Wish): void {
      const { id, key, body } = wish
      const triggeredId = body['triggeredid']
      const message: Message = {
        id,
        type: String(body['type']),
        ...(typeof triggeredId === 'string' ? { triggeredId } : {}),
        ...(key === undefined ? {} : { key }),
        arrivals: [],
        answers: [],
      }
      messages.push(message)
      const isPatient = random.chance(PATIENT)
      const isLate = random.chance(LATE) && has('message-late')
      const delayMs = random.below(LONGEST_DELAY_MS)
      const begin = () => void keepTrying(message, wish, isPatient)
      if (isLate) void clock.sleep(delayMs).then(begin)
      else begin()
      const isRepeated = random.chance(REPEATED) && has('message-repeated')
      const again = () => void deliver(message, wish).catch(() => undefined)
      if (isRepeated) void clock.sleep(random.below(LONGEST_DELAY_MS)).then(again)
    },
  }
}

function projectOf(body: JsonObject): string {
  const data = body['data']
  const project = data !== undefined && isJsonObject(data) ? data['project'] : undefined
  return typeof project === 'string' ? project : ''
}
