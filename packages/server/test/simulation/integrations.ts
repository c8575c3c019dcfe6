import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Wish } from './clients.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { StoryClock } from './story-clock.ts'
import type { Fault } from './swarm.ts'

export type IntegrationParts = {
  readonly random: SeededRandom
  readonly clock: StoryClock
  readonly has: (fault: Fault) => boolean
  readonly openTriggered: () => readonly KeptnEvent[]
  readonly send: (wish: Wish) => void
  readonly nextId: () => string
  readonly tell: (what: string) => void
}

/** How a service outside carries out one task. */
type Manner =
  | 'properly'
  | 'finish-only'
  | 'start-only'
  | 'finish-twice'
  | 'after-the-deadline'
  | 'wrong-order'
  | 'only-progress'
  | 'forgets'

const BAD_MANNERS: readonly Manner[] = [
  'finish-only',
  'start-only',
  // Two ends in one turn: the second stands on the first.
  'finish-twice',
  'finish-twice',
  'finish-twice',
  'after-the-deadline',
  'wrong-order',
  'only-progress',
  'forgets',
]
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BAD = 0.5
const SECOND_HANDLER = 0.4
const PROGRESS = 0.2
const ANSWERS_WHAT_IS_NOT_ITS = 0.1

/** Services that poll `GET /event/triggered` and answer by event, as Keptn's did. */
export function createIntegrations(parts: IntegrationParts) {
  const { random, clock, has, send, nextId } = parts
  const seen = new Set<string>()

  function answer(
    task: KeptnEvent,
    source: string,
    action: 'started' | 'status.changed' | 'finished',
    data: JsonObject,
  ): void {
    const name = taskOf(task)
    const { project, stage, service } = task.data
    const id = nextId()
    const scope = { project: project ?? '', stage: stage ?? '', service: service ?? '' }
    const body = {
      id,
      type: `sh.keptn.event.${name}.${action}`,
      source,
      specversion: '1.0',
      shkeptncontext: task.shkeptncontext ?? '',
      triggeredid: task.id,
      data: { ...data, ...scope },
    }
    send({ id, body })
  }

  const finish = (task: KeptnEvent, source: string) => {
    const result = random.pick(['pass', 'pass', 'pass', 'warning', 'fail'])
    const status = random.pick(['succeeded', 'succeeded', 'succeeded', 'errored', ''])
    const said = status === '' ? {} : { status }
    answer(task, source, 'finished', { ...said, result, [taskOf(task)]: { n: random.below(9) } })
  }

  async function carryOut(task: KeptnEvent, source: string, manner: Manner): Promise<void> {
    const start = () => answer(task, source, 'started', {})
    const workMs = random.below(20 * MINUTE_MS)
    if (manner === 'forgets') return
    if (manner === 'finish-only') return finish(task, source)
    if (manner === 'only-progress') {
      return answer(task, source, 'status.changed', { message: 'half way' })
    }
    if (manner === 'wrong-order') {
      finish(task, source)
      return start()
    }
    if (manner === 'after-the-deadline' && random.chance(1 / 2)) await clock.sleep(15 * MINUTE_MS)
    start()
    if (random.chance(PROGRESS)) answer(task, source, 'status.changed', { message: 'begun' })
    if (manner === 'start-only') return
    await clock.sleep(manner === 'after-the-deadline' ? 25 * HOUR_MS : workMs)
    finish(task, source)
    if (manner === 'finish-twice') finish(task, source)
  }

  return {
    /** One look at what is open; a service that polls sees most tasks more than once. */
    look(): void {
      for (const task of parts.openTriggered()) {
        if (seen.has(task.id) || random.chance(1 / 3)) continue
        seen.add(task.id)
        const name = taskOf(task)
        // People decide approvals, and what the server carries out itself is answered by the server.
        const isOthers = ['approval', 'evaluation'].includes(name)
        if (isOthers && !(has('bad-integration') && random.chance(ANSWERS_WHAT_IS_NOT_ITS)))
          continue
        const manner =
          has('bad-integration') && random.chance(BAD) ? random.pick(BAD_MANNERS) : 'properly'
        if (manner !== 'properly') parts.tell(`a service carries out ${name} ${task.id}: ${manner}`)
        void carryOut(task, `${name}-service`, manner)
        if (has('several-handlers') && random.chance(SECOND_HANDLER)) {
          void carryOut(task, `second-${name}-service`, 'properly')
        }
      }
    },
  }
}

function taskOf(task: KeptnEvent): string {
  return task.type.split('.')[3] ?? ''
}
