import type { EffectHandler } from '../engine/outbox.ts'
import type { TaskAnswer, TaskExecutor } from '../executors/executor.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'

const MS_PER_SECOND = 1_000

/** The same executor, with its work measured, and its beginning and end told at `debug`. */
export function observedExecutor(executor: TaskExecutor, meter: Meter, log: Log): TaskExecutor {
  const { task } = executor
  return {
    ...executor,
    async execute(job): Promise<TaskAnswer> {
      const { runId } = job
      const { attempt } = job.task
      const beganMs = performance.now()
      const ended = (outcome: string) => {
        const durationMs = Math.round(performance.now() - beganMs)
        meter.add('tiphys_executors_busy', -1, { task })
        const seconds = durationMs / MS_PER_SECOND
        meter.observe('tiphys_executor_duration_seconds', seconds, { task, outcome })
        log.debug({ runId, task, attempt, outcome, durationMs }, 'executor ended')
      }
      meter.add('tiphys_executors_busy', 1, { task })
      log.debug({ runId, task, attempt }, 'executor begins')
      try {
        const answer = await executor.execute(job)
        ended(job.signal.aborted ? 'cancelled' : outcomeOf(answer))
        return answer
      } catch (error) {
        ended(job.signal.aborted ? 'cancelled' : 'crashed')
        throw error
      }
    },
  }
}

function outcomeOf(answer: TaskAnswer): string {
  if (answer.code !== 'finished') return answer.code
  return answer.status === 'succeeded' ? answer.result : answer.status
}

/** The same handlers, with their tries counted. */
export function observedEffects(
  handlers: Readonly<Record<string, EffectHandler>>,
  meter: Meter,
): Readonly<Record<string, EffectHandler>> {
  const observed = Object.entries(handlers).map(([kind, handler]): [string, EffectHandler] => [
    kind,
    async (effect, signal) => {
      try {
        const outcome = await handler(effect, signal)
        meter.count('tiphys_effects_total', { kind, outcome: outcome.code })
        return outcome
      } catch (error) {
        meter.count('tiphys_effects_total', { kind, outcome: 'failed' })
        throw error
      }
    },
  ])
  return Object.fromEntries(observed)
}
