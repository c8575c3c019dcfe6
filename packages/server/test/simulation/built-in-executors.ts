import type { Result } from '@tiphys/contract/event.ts'
import type { TaskAnswer, TaskExecutor, TaskJob } from '../../src/executors/executor.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Fault } from './swarm.ts'

/** One time that an executor really did something outside. */
export type Effect = {
  readonly runId: string
  readonly triggeredId: string
  /** The process that did it. */
  readonly process: number
  /** Its note was on disk: whoever carries out the task again must see it. */
  isNoted: boolean
}

/** An executor that is at work right now. */
export type Execution = {
  readonly process: number
  readonly runId: string
  readonly triggeredId: string
  readonly task: string
}

export type ExecutorParts = {
  readonly random: SeededRandom
  readonly clock: Clock
  readonly has: (fault: Fault) => boolean
  readonly process: number
  readonly effects: Effect[]
  readonly atWork: Set<Execution>
}

const MINUTE_MS = 60_000
const LONGEST_WORK_MS = 10 * MINUTE_MS
const CONFIGURED = 0.4
const BAD = 0.15
const BLOCKED = 0.2

export const OWN_TASKS = ['deployment', 'evaluation', 'rollback'] as const

/** Built-in executors that note their effect before they report, and look for the note before they repeat it. */
export function builtInExecutors(parts: ExecutorParts): TaskExecutor[] {
  return OWN_TASKS.map((task) => ({
    task,
    source: 'tiphys',
    takes: () => (task !== 'evaluation' && parts.random.chance(CONFIGURED) ? 'configured' : 'no'),
    async execute(job: TaskJob): Promise<TaskAnswer> {
      const { triggeredId } = job.task
      const execution = { process: parts.process, runId: job.runId, triggeredId, task }
      parts.atWork.add(execution)
      try {
        return await work(parts, job)
      } finally {
        parts.atWork.delete(execution)
      }
    },
  }))
}

/** One indicator was measured: such an evaluation may be compared with. */
function evaluationOf(result: Result) {
  const value = { metric: 'rt', value: 5, success: true }
  const targets = { passTargets: [], warningTargets: null }
  const indicator = { score: 1, value, displayName: '', ...targets, keySli: false, status: 'pass' }
  const window = { timeStart: '', timeEnd: '' }
  return { ...window, result, score: 100, sloFileContent: '', indicatorResults: [indicator] }
}

/** Whether an evaluation needs values from outside follows from its files, so after a restart it is the same. */
function asksOthers({ task }: TaskJob): boolean {
  return task.name === 'evaluation' && /[0-7]$/.test(task.triggeredId)
}

/** As the evaluation does with providers outside; services answer late, twice, in the wrong order, or never. */
async function askOthers(job: TaskJob): Promise<TaskAnswer> {
  const keys = /[0-3]$/.test(job.task.triggeredId) ? ['one', 'two'] : ['one']
  const replies = await Promise.all(
    keys.map((key) => job.ask({ key, name: 'get-sli', who: `SLI provider ${key}`, data: { key } })),
  )
  const isErrored = replies.some(({ status }) => status === 'errored')
  const message = replies.map((reply) => `${reply.code}: ${reply.message}`).join('; ')
  return {
    code: 'finished',
    status: isErrored ? 'errored' : 'succeeded',
    result: isErrored ? 'fail' : 'pass',
    message,
    data: { evaluation: { ok: true } },
  }
}

async function work(parts: ExecutorParts, job: TaskJob): Promise<TaskAnswer> {
  const { random, clock, has, effects, process } = parts
  const { triggeredId, name } = job.task
  await clock.sleep(random.below(LONGEST_WORK_MS), job.signal)
  if (has('bad-executor') && random.chance(BLOCKED)) {
    await job.progress('a sync window is closed', { blocked: true })
    await clock.sleep(random.below(LONGEST_WORK_MS), job.signal)
    await job.progress('the window is open')
  }
  if (job.notes('effect.done').length === 0) {
    const effect = { runId: job.runId, triggeredId, process, isNoted: false }
    effects.push(effect)
    await job.note('effect.done', {})
    effect.isNoted = true
  }
  if (asksOthers(job)) return await askOthers(job)
  if (has('bad-executor') && random.chance(BAD)) {
    if (random.chance(1 / 2)) throw new Error('a bug in the executor (simulated)')
    // It hangs until its deadline.
    await clock.sleep(Number.MAX_SAFE_INTEGER, job.signal)
  }
  await clock.sleep(random.below(LONGEST_WORK_MS), job.signal)
  const result = random.pick(['pass', 'pass', 'pass', 'warning', 'fail'] as const)
  return {
    code: 'finished',
    status: 'succeeded',
    result,
    message: '',
    data: { [name]: name === 'evaluation' ? evaluationOf(result) : { ok: true } },
  }
}
