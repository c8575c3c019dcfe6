import type { FilePath } from '@tiphys/contract/problem.ts'
import { type Criterion, parseCriterion } from '../evaluation/criterion.ts'
import { coverEverything, type Interval, intersection, isWithin } from '../evaluation/interval.ts'
import type { CriteriaSet, SloObjective } from './slo.ts'
import type { SloFinding, SloFindingCode } from './slo-lint.ts'

export function lintObjective(objective: SloObjective): SloFinding[] {
  const path: FilePath = ['objectives', objective.index]
  const criteria = [
    ...lintCriteria(objective.pass, [...path, 'pass']),
    ...lintCriteria(objective.warning, [...path, 'warning']),
  ]
  return [...criteria, ...lintScoring(objective, path), ...lintMeaning(objective, path)]
}

function lintCriteria(sets: readonly CriteriaSet[] | null, path: FilePath): SloFinding[] {
  return (sets ?? []).flatMap((set, setIndex) =>
    set.flatMap((text, index) => lintCriterion(text, [...path, setIndex, 'criteria', index])),
  )
}

function lintCriterion(text: string, path: FilePath): SloFinding[] {
  const parsed = parseCriterion(text)
  if (!parsed.ok) {
    const expected =
      'write an operator and a number: <=500, or <=+10% to compare with earlier results'
    return [
      {
        severity: 'error',
        code: 'criterion-invalid',
        path,
        message: `criterion ${JSON.stringify(text)}: ${parsed.message}; ${expected}`,
      },
    ]
  }
  const { relative, percent, increase, value } = parsed.criterion
  if (relative && !percent && !increase) {
    const message = `criterion ${text} means ${value} less than earlier results; a negative limit cannot be written`
    return [warning('negative-is-relative', path, message)]
  }
  return []
}

function lintScoring(objective: SloObjective, path: FilePath): SloFinding[] {
  const findings: SloFinding[] = []
  const name = nameOf(objective)
  if (objective.sli === '') {
    const message = 'the objective names no sli, so it never has a value'
    findings.push(warning('sli-missing', path, message))
  }
  const isScored = (objective.pass?.length ?? 0) > 0
  if (!isScored && objective.keySli) {
    const message = `${name} has no pass criteria, so key_sli has no effect`
    findings.push(warning('key-sli-without-effect', [...path, 'key_sli'], message))
  }
  if (!isScored && (objective.warning?.length ?? 0) > 0) {
    const message = `${name} has no pass criteria: it is shown, and its warning criteria have no effect`
    findings.push(warning('not-scored', [...path, 'warning'], message))
  }
  if (isScored && objective.weight === 0 && objective.keySli) {
    const message = `${name} is a key SLI of weight 0: it can fail the evaluation, but earns no points`
    findings.push(warning('key-sli-without-weight', [...path, 'weight'], message))
  }
  return findings
}

/** Judges what the criteria come to as ranges of values; says nothing while one of them cannot be read. */
function lintMeaning(objective: SloObjective, path: FilePath): SloFinding[] {
  const name = nameOf(objective)
  const pass = parsedSets(objective.pass)
  if (pass === undefined || pass.length === 0) return []
  const passPath = [...path, 'pass']
  const findings: SloFinding[] = []

  const emptySet = pass.findIndex((set) => set.length === 0)
  const passRanges = fixedRanges(pass)
  if (emptySet >= 0) {
    const message = `${name} can never fail: a pass set without criteria always holds`
    findings.push(warning('never-fails', [...passPath, emptySet], message))
  } else if (coverEverything(passRanges)) {
    const message = `${name} can never fail: its pass criteria leave out no value`
    findings.push(warning('never-fails', passPath, message))
  }
  if (pass.every((set) => isContradiction(set))) {
    const message = `${name} can never pass: its pass criteria contradict each other`
    findings.push(warning('never-passes', passPath, message))
  }
  const unfounded = pass.findIndex(
    (set) => set.length > 0 && set.every((criterion) => criterion.relative),
  )
  if (unfounded >= 0 && emptySet < 0) {
    const message = `${name} passes with any value while there is no earlier evaluation: all criteria of a pass set are relative`
    findings.push(warning('holds-without-history', [...passPath, unfounded], message))
  }
  const warningSets = parsedSets(objective.warning) ?? []
  const warningRanges = fixedRanges(warningSets)
  const isShadowed =
    warningRanges.length > 0 &&
    warningRanges.length === warningSets.length &&
    warningRanges.every((inner) => passRanges.some((outer) => isWithin(inner, outer)))
  if (isShadowed) {
    const message = `${name} never ends with a warning: what its warning criteria allow passes already`
    findings.push(warning('warning-without-effect', [...path, 'warning'], message))
  }
  return findings
}

/** Undefined when a criterion cannot be read. */
function parsedSets(sets: readonly CriteriaSet[] | null): Criterion[][] | undefined {
  const parsed: Criterion[][] = []
  for (const set of sets ?? []) {
    const criteria = set.map((text) => parseCriterion(text))
    const read = criteria.flatMap((result) => (result.ok ? [result.criterion] : []))
    if (read.length < criteria.length) return undefined
    parsed.push(read)
  }
  return parsed
}

/** The ranges of the sets that do not depend on earlier results and allow some value. */
function fixedRanges(sets: readonly (readonly Criterion[])[]): Interval[] {
  return sets.flatMap((set) => {
    if (set.length === 0 || set.some((criterion) => criterion.relative)) return []
    const range = intersection(set, undefined)
    return range === undefined ? [] : [range]
  })
}

/** Without a baseline relative criteria allow everything, so only fixed ones can contradict each other here. */
function isContradiction(set: readonly Criterion[]): boolean {
  return set.length > 0 && intersection(set, undefined) === undefined
}

function nameOf(objective: SloObjective): string {
  return objective.displayName || objective.sli || `objective ${objective.index + 1}`
}

function warning(code: SloFindingCode, path: FilePath, message: string): SloFinding {
  return { severity: 'warning', code, path, message }
}
