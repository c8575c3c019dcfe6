import { parseDuration } from '@tiphys/contract/duration.ts'
import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardTask } from '@tiphys/contract/shipyard.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { APPROVAL } from '../sequence/plan.ts'
import type { Finding } from './finding.ts'

/** The words of the property `executor` (behaviour.md 4). */
const EXECUTORS = ['tiphys', 'external']
/** The words of an approval's `pass` and `warning` (facts/keptn-v1.md 1.7). */
const STRATEGIES = ['automatic', 'manual']

export function lintTask(task: ShipyardTask, path: FilePath): Finding[] {
  return [
    ...lintName(task, [...path, 'name']),
    ...lintDelay(task, [...path, 'triggeredAfter']),
    ...lintTimeout(task, [...path, 'properties', 'timeout']),
    ...lintWord(task, 'executor', EXECUTORS, path, 'whoever is configured takes the task'),
    ...(task.name === APPROVAL
      ? ['pass', 'warning'].flatMap((key) =>
          lintWord(task, key, STRATEGIES, path, 'somebody has to approve'),
        )
      : []),
  ]
}

function lintName(task: ShipyardTask, path: FilePath): Finding[] {
  if (!task.name.includes('.')) return []
  const message = `task name ${task.name} has a dot; event types are split at dots, so nobody can answer it`
  return [{ severity: 'warning', code: 'name-with-dot', path, message }]
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
