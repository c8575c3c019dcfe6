import type { FilePath } from '@tiphys/contract/problem.ts'
import { areDisjoint, type ParsedSet } from './criteria-logic.ts'
import { parsedSets } from './parsed-sets.ts'
import type { CriteriaSet, SloObjective } from './slo.ts'
import { type SloFinding, warning } from './slo-finding.ts'

/** Several objectives of one indicator: copies, and such as cannot hold together. */
export function lintPairs(objectives: readonly SloObjective[]): SloFinding[] {
  return objectives.flatMap((objective, place) => {
    const earlier = objectives
      .slice(0, place)
      .filter((other) => objective.sli !== '' && other.sli === objective.sli)
    const [first] = earlier
    if (first === undefined) return []
    const path: FilePath = ['objectives', objective.index, 'sli']
    const copy = earlier.find(
      (other) => other.weight > 0 && objective.weight > 0 && textOf(other) === textOf(objective),
    )
    if (copy !== undefined) {
      const message = `${objective.sli} is judged by the same criteria as in objectives.${copy.index}, so its points count twice`
      return [warning('objective-twice', path, message)]
    }
    const opposite = earlier.find((other) => contradict(other, objective))
    if (opposite !== undefined) {
      const message = `${objective.sli} cannot pass here and in objectives.${opposite.index}: no value satisfies the pass criteria of both`
      return [warning('objectives-contradict', path, message)]
    }
    const message = `${objective.sli} is judged by objectives.${first.index} too; in Keptn v1 the second objective of an indicator found no value`
    return [{ severity: 'info' as const, code: 'sli-twice' as const, path, message }]
  })
}

function textOf({ pass, warning: half }: SloObjective): string {
  const compact = (sets: readonly CriteriaSet[] | null) =>
    (sets ?? []).map((set) => set.map((text) => text.replaceAll(' ', '')))
  return JSON.stringify([compact(pass), compact(half)])
}

function contradict(left: SloObjective, right: SloObjective): boolean {
  const sides = [parsedSets(left.pass), parsedSets(right.pass)]
  const [one, other] = sides
  if (!one?.length || !other?.length) return false
  // A side that contradicts itself is spoken of by itself.
  return !isEmpty(one) && !isEmpty(other) && areDisjoint(one, other)
}

function isEmpty(sets: readonly ParsedSet[]): boolean {
  return areDisjoint(sets, sets)
}
