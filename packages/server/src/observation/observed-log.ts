import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { RunFacts } from './run-facts.ts'

export type LogContext = {
  /** What is known of a run; undefined for one that is long over. */
  readonly factsOf: (runId: string) => RunFacts | undefined
  /** Whether traces are exported, so that the id of one leads somewhere. */
  readonly tracesOn: boolean
}

/**
 * The same log: its lines are counted, and a line that names a run says which one that is (context, project, stage, service, sequence), so
 * that no caller has to, and none can forget.
 */
export function observedLog(log: Log, meter: Meter, context: LogContext): Log {
  function at(level: keyof Log) {
    const labels = { level }
    meter.touch('tiphys_log_lines_total', labels)
    return (data: object, message: string) => {
      meter.count('tiphys_log_lines_total', labels)
      log[level](withRun(data, context), message)
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function withRun(data: object, { factsOf, tracesOn }: LogContext): object {
  const runId = 'runId' in data && typeof data.runId === 'string' ? data.runId : undefined
  const facts = runId === undefined ? undefined : factsOf(runId)
  const whole = facts === undefined ? data : { ...placeOf(facts), ...data }
  if (!tracesOn || !('context' in whole) || typeof whole.context !== 'string') return whole
  return { traceId: whole.context.replaceAll('-', ''), ...whole }
}

function placeOf({ context, project, stage, service, sequence }: RunFacts) {
  return { context, project, stage, service, sequence }
}
