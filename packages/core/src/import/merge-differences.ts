import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardStage } from '@tiphys/contract/shipyard.ts'
import type { Difference } from './difference.ts'

/**
 * Numbers and booleans in properties of tasks that occur again later on the way (the next stage, say). In Keptn's merge the value that
 * came first stayed, here the later one holds (facts/keptn-v1.md 1.6).
 */
export function mergeDifferences(stages: readonly ShipyardStage[]): Difference[] {
  const tasks = tasksOf(stages)
  const upstream = upstreamOf(stages)
  const found: Difference[] = []
  for (const task of tasks) {
    const before = tasks.filter((other) => other.name === task.name && isBefore(other, task))
    for (const { path, value } of scalarsOf(task.properties)) {
      const earlier = before.find((other) =>
        scalarsOf(other.properties).some(
          (one) => one.key === path.join('.') && one.value !== value,
        ),
      )
      const first = scalarsOf(earlier?.properties).find((one) => one.key === path.join('.'))
      if (earlier !== undefined && first !== undefined) {
        found.push(differentValue(task, [...path], value, earlier, first.value))
      }
    }
  }
  return found

  function isBefore(other: PlacedTask, task: PlacedTask): boolean {
    if (other.sequence === task.sequence) return other.index < task.index
    return upstream.get(task.sequence)?.has(other.sequence) === true
  }
}

type PlacedTask = {
  readonly name: string
  /** `<stage>.<sequence>` */
  readonly sequence: string
  readonly index: number
  readonly properties: unknown
  readonly path: FilePath
}

function tasksOf(stages: readonly ShipyardStage[]): PlacedTask[] {
  return stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).flatMap((sequence, sequenceIndex) =>
      (sequence.tasks ?? []).map((task, index) => ({
        name: task.name,
        sequence: `${stage.name}.${sequence.name}`,
        index,
        properties: task.properties ?? {},
        path: ['spec', 'stages', stageIndex, 'sequences', sequenceIndex, 'tasks', index],
      })),
    ),
  )
}

/** For each sequence all those whose end leads to it, however many steps away. */
function upstreamOf(stages: readonly ShipyardStage[]): ReadonlyMap<string, ReadonlySet<string>> {
  const parents = new Map(
    stages.flatMap((stage) =>
      (stage.sequences ?? []).map((sequence): [string, string[]] => [
        `${stage.name}.${sequence.name}`,
        (sequence.triggeredOn ?? []).map(({ event }) => event.replace(/\.finished$/, '')),
      ]),
    ),
  )
  return new Map(
    [...parents.keys()].map((name) => {
      const reached = new Set(parents.get(name))
      for (const one of reached) for (const parent of parents.get(one) ?? []) reached.add(parent)
      return [name, reached]
    }),
  )
}

type Scalar = {
  readonly path: readonly string[]
  readonly key: string
  readonly value: number | boolean
}

/** Properties nested deeper than this are somebody's data, not settings. */
const MAX_DEPTH = 8

function scalarsOf(value: unknown, path: readonly string[] = []): Scalar[] {
  if (typeof value === 'number' || typeof value === 'boolean') {
    return path.length === 0 ? [] : [{ path, key: path.join('.'), value }]
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  if (path.length >= MAX_DEPTH) return []
  return Object.entries(value).flatMap(([key, inner]) => scalarsOf(inner, [...path, key]))
}

function differentValue(
  task: PlacedTask,
  path: readonly string[],
  value: number | boolean,
  earlier: PlacedTask,
  first: number | boolean,
): Difference {
  return {
    severity: 'changes',
    code: 'later-number-wins',
    path: [...task.path, 'properties', ...path],
    was: `Of two numbers or booleans the first one stayed: ${path.join('.')} could still be ${first}, from the task ${task.name} of ${earlier.sequence}.`,
    now: `It is ${value}, as written here: the later value holds.`,
  }
}
