import type { FilePath } from '@tiphys/contract/problem.ts'
import { type CriterionResult, parsedSet } from '../evaluation/criterion.ts'
import {
  type Contradiction,
  contradictionOf,
  isAllowedBy,
  leaveOutNothing,
  type ParsedSet,
} from './criteria-logic.ts'
import { parsedSets } from './parsed-sets.ts'
import type { CriteriaSet, SloObjective } from './slo.ts'
import { type SloFinding, warning } from './slo-finding.ts'

export function lintObjective(objective: SloObjective): SloFinding[] {
  const path: FilePath = ['objectives', objective.index]
  return [...lintTexts(objective), ...lintScoring(objective, path), ...lintMeaning(objective, path)]
}

/** Each criterion by itself. */
export function lintTexts(objective: SloObjective): SloFinding[] {
  const path: FilePath = ['objectives', objective.index]
  return [
    ...lintCriteria(objective.pass, [...path, 'pass']),
    ...lintCriteria(objective.warning, [...path, 'warning']),
  ]
}

function lintCriteria(sets: readonly CriteriaSet[] | null, path: FilePath): SloFinding[] {
  return (sets ?? []).flatMap((set, setIndex) => {
    const parsed = parsedSet(set)
    const compact = set.map((text) => (text.includes(' ') ? text.replaceAll(' ', '') : text))
    return set.flatMap((text, index) => {
      const place = [...path, setIndex, 'criteria', index]
      const isTwice = compact.indexOf(compact[index] ?? '') < index
      if (!isTwice) return lintCriterion(text, parsed[index], place)
      const twice = `criterion ${text} stands in this set twice`
      return [warning('criterion-twice', place, twice)]
    })
  })
}

function lintCriterion(
  text: string,
  parsed: CriterionResult | undefined,
  path: FilePath,
): SloFinding[] {
  if (parsed === undefined) return []
  if (!parsed.ok) {
    const expected =
      'write an operator and a number: <=500, or <=+10% to compare with earlier results'
    const message = `criterion ${JSON.stringify(text)}: ${parsed.message}; ${expected}`
    return [{ severity: 'error', code: 'criterion-invalid', path, message }]
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

/** What the criteria come to, whatever is measured; says nothing while one of them cannot be read. */
function lintMeaning(objective: SloObjective, path: FilePath): SloFinding[] {
  const pass = parsedSets(objective.pass)
  const half = parsedSets(objective.warning)
  if (pass === undefined || half === undefined || pass.length === 0) return []
  const name = nameOf(objective)
  const passPath = [...path, 'pass']
  const isSure = leaveOutNothing(pass)
  return [
    ...lintSure(pass, name, passPath),
    ...lintContradictions(pass, { name, path: passPath, isPass: true }),
    ...(isSure ? [] : lintUnfounded(pass, name, passPath)),
    ...(half.length === 0 ? [] : lintWarning({ pass, half, isSure }, name, [...path, 'warning'])),
  ]
}

function lintSure(pass: readonly ParsedSet[], name: string, path: FilePath): SloFinding[] {
  if (pass.every((set) => set.length === 0)) {
    const message = `${name} can never fail and never earns points: its pass sets have no criteria`
    return [warning('never-scored', [...path, 0], message)]
  }
  const emptySet = pass.findIndex((set) => set.length === 0)
  if (emptySet >= 0) {
    const message = `${name} can never fail: a pass set without criteria always holds`
    return [warning('never-fails', [...path, emptySet], message)]
  }
  if (!leaveOutNothing(pass)) return []
  return [
    warning('never-fails', path, `${name} can never fail: its pass criteria leave out no value`),
  ]
}

const WHEN: Readonly<Record<Contradiction, string>> = {
  always: '',
  'with-history': ' once there is an earlier evaluation',
}

/** Sets that no value satisfies: one of several is only useless, all of them decide. */
function lintContradictions(
  sets: readonly ParsedSet[],
  {
    name,
    path,
    isPass,
  }: { readonly name: string; readonly path: FilePath; readonly isPass: boolean },
): SloFinding[] {
  const found = sets.map((set) => contradictionOf(set))
  if (found.every((one) => one !== undefined)) {
    const when = WHEN[found.includes('with-history') ? 'with-history' : 'always']
    const message = isPass
      ? `${name} can never pass${when}: its pass criteria contradict each other`
      : `${name} never ends with a warning${when}: its warning criteria contradict each other`
    return [warning(isPass ? 'never-passes' : 'warning-without-effect', path, message)]
  }
  return found.flatMap((one, index) => {
    if (one === undefined) return []
    const message = `this set of ${name} never holds${WHEN[one]}: its criteria contradict each other`
    return [warning('set-never-holds', [...path, index], message)]
  })
}

function lintUnfounded(pass: readonly ParsedSet[], name: string, path: FilePath): SloFinding[] {
  const unfounded = pass.findIndex(
    (set) => set.length > 0 && set.every((criterion) => criterion.relative),
  )
  if (unfounded < 0) return []
  const message = `${name} passes with any value while there is no earlier evaluation: all criteria of a pass set are relative`
  return [warning('holds-without-history', [...path, unfounded], message)]
}

type Judged = {
  readonly pass: readonly ParsedSet[]
  readonly half: readonly ParsedSet[]
  readonly isSure: boolean
}

/** Warning criteria are asked only where no pass set holds: what they allow beyond that is all they do. */
function lintWarning({ pass, half, isSure }: Judged, name: string, path: FilePath): SloFinding[] {
  const contradictions = lintContradictions(half, { name, path, isPass: false })
  if (contradictions.some(({ code }) => code === 'warning-without-effect')) return contradictions
  const useless = half.map((set) => isSure || isAllowedBy(set, pass))
  const isUseless = half.every((set, at) => useless[at] || contradictionOf(set) === 'always')
  if (isUseless) {
    const message = `${name} never ends with a warning: what its warning criteria allow passes already`
    return [warning('warning-without-effect', path, message)]
  }
  const findings = half.flatMap((_, index) => {
    if (!useless[index] || contradictionOf(half[index] ?? []) !== undefined) return []
    const message = `this warning set of ${name} has no effect: what it allows passes already`
    return [warning('set-without-effect', [...path, index], message)]
  })
  const neverFails = leaveOutNothing([...pass, ...half])
  const message = `${name} can never fail: what its pass criteria leave out, its warning criteria allow`
  return [
    ...contradictions,
    ...findings,
    ...(neverFails ? [warning('never-fails', path, message)] : []),
  ]
}

function nameOf(objective: SloObjective): string {
  return objective.displayName || objective.sli || `objective ${objective.index + 1}`
}
