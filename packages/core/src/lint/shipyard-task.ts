import { parseDuration } from '@tiphys/contract/duration.ts'
import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardTask } from '@tiphys/contract/shipyard.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { conditionProblem } from '../sequence/condition.ts'
import { APPROVAL } from '../sequence/plan.ts'
import type { Finding } from './finding.ts'

/** The words of the property `executor` (behaviour.md 4). */
const EXECUTORS = ['tiphys', 'external']
/** The words of an approval's `pass` and `warning` (facts/keptn-v1.md 1.7). */
const STRATEGIES = ['automatic', 'manual']

export function lintTask(task: ShipyardTask, path: FilePath, index: number): Finding[] {
  return [
    ...lintName(task, [...path, 'name']),
    ...lintDelay(task, [...path, 'triggeredAfter']),
    ...lintTimeout(task, [...path, 'properties', 'timeout']),
    ...lintCondition(task, [...path, 'if']),
    ...lintRetry(task, [...path, 'retry']),
    ...lintParallel(task, index, [...path, 'parallel']),
    ...lintWord(task, 'executor', EXECUTORS, path, 'whoever is configured takes the task'),
    ...(task.name === APPROVAL
      ? ['pass', 'warning'].flatMap((key) =>
          lintWord(task, key, STRATEGIES, path, 'somebody has to approve'),
        )
      : []),
  ]
}

/** What Tiphys carries out itself; any other name is for an integration, unless it is one of these with a mistake in it. */
const OWN_TASKS = ['deployment', 'test', 'evaluation', 'approval', 'release', 'rollback']
/** More apart, and it is a word of its own. */
const MAX_MISTAKES = 2

function lintName(task: ShipyardTask, path: FilePath): Finding[] {
  if (!task.name.includes('.')) return lintOwnName(task.name, path)
  const message = `task name ${task.name} has a dot; event types are split at dots, so nobody can answer it`
  return [{ severity: 'warning', code: 'name-with-dot', path, message }]
}

function lintOwnName(name: string, path: FilePath): Finding[] {
  if (OWN_TASKS.includes(name)) return []
  const meant = didYouMean(name, OWN_TASKS, MAX_MISTAKES)
  if (meant === undefined) return []
  const message = `nobody here carries out ${name}, so an integration has to; did you mean ${meant}?`
  return [{ severity: 'warning', code: 'task-name-unknown', path, message }]
}

function lintDelay(task: ShipyardTask, path: FilePath): Finding[] {
  const delay = task.triggeredAfter ?? ''
  if (delay === '' || parseDuration(delay) !== undefined) return []
  const message = `triggeredAfter ${JSON.stringify(delay)} of task ${task.name} is not a duration (10m, 1h30m, 90s), so the task starts at once`
  return [{ severity: 'warning', code: 'duration-invalid', path, message }]
}

function lintTimeout(task: ShipyardTask, path: FilePath): Finding[] {
  const timeout = task.properties?.['timeout']
  if (timeout === undefined) return []
  if (typeof timeout === 'string' && parseDuration(timeout) !== undefined) return []
  const message = `timeout ${JSON.stringify(timeout)} of task ${task.name} is not a duration (10m, 1h30m, 90s), so the usual one holds`
  return [{ severity: 'warning', code: 'duration-invalid', path, message }]
}

/** A condition that cannot be evaluated would end every run: the file is refused. */
function lintCondition(task: ShipyardTask, path: FilePath): Finding[] {
  const problem = task.if ? conditionProblem(task.if) : undefined
  if (problem === undefined) return []
  const where = problem.offset === 0 ? '' : ` at character ${problem.offset + 1}`
  const message = `the condition of task ${task.name} cannot be evaluated: ${problem.message}${where}`
  return [{ severity: 'error', code: 'condition-invalid', path, message }]
}

function lintRetry({ name, retry }: ShipyardTask, path: FilePath): Finding[] {
  if (retry === null || retry === undefined) return []
  if (name === APPROVAL) {
    const message = 'retry has no effect on an approval: whoever left it open is not asked again'
    return [{ severity: 'warning', code: 'retry-without-effect', path, message }]
  }
  const { after } = retry
  if (!after || parseDuration(after) !== undefined) return []
  const message = `after ${JSON.stringify(after)} of task ${name} is not a duration (10m, 1h30m, 90s), so it is tried again at once`
  return [{ severity: 'warning', code: 'duration-invalid', path: [...path, 'after'], message }]
}

function lintParallel(task: ShipyardTask, index: number, path: FilePath): Finding[] {
  if (!task.parallel || index > 0) return []
  const message = `parallel has no effect on ${task.name}: no task stands before it`
  return [{ severity: 'warning', code: 'parallel-without-effect', path, message }]
}

function lintWord(
  task: ShipyardTask,
  key: string,
  known: readonly string[],
  taskPath: FilePath,
  effect: string,
): Finding[] {
  const written = task.properties?.[key]
  if (written === undefined || (typeof written === 'string' && known.includes(written))) return []
  const meant = didYouMean(String(written), known)
  const hint = meant === undefined ? `it is ${known.join(' or ')}` : `did you mean ${meant}?`
  return [
    {
      severity: 'warning',
      code: 'property-unknown-word',
      path: [...taskPath, 'properties', key],
      message: `${key} ${JSON.stringify(written)} of task ${task.name} is not known, so ${effect}; ${hint}`,
    },
  ]
}
