import { type Criterion, parseCriterion } from '../evaluation/criterion.ts'
import type { ParsedSet } from './criteria-logic.ts'
import type { CriteriaSet } from './slo.ts'

/** The criteria of an objective; undefined when one of them cannot be read. */
export function parsedSets(sets: readonly CriteriaSet[] | null): ParsedSet[] | undefined {
  const parsed: Criterion[][] = []
  for (const set of sets ?? []) {
    const criteria = set.map((text) => parseCriterion(text))
    const read = criteria.flatMap((result) => (result.ok ? [result.criterion] : []))
    if (read.length < criteria.length) return undefined
    parsed.push(read)
  }
  return parsed
}
