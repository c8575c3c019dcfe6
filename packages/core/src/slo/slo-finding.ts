import type { FilePath, Severity } from '@tiphys/contract/problem.ts'

/** One thing to say about an slo.yaml. The caller turns `path` into line and column. */
export type SloFinding = {
  /** `error`: cannot be evaluated. `warning`: can, but hardly means what was wanted. `info`: worth knowing. */
  readonly severity: Severity
  readonly code: SloFindingCode
  readonly path: FilePath
  /** One sentence that stands alone. */
  readonly message: string
}

export type SloFindingCode =
  | 'criterion-invalid'
  | 'aggregate-unknown'
  | 'total-score-invalid'
  | 'total-score-impossible'
  | 'total-score-unreachable'
  | 'total-score-always-reached'
  | 'total-score-no-warning-band'
  | 'comparison-unknown'
  | 'comparison-ignored'
  | 'comparison-without-runs'
  | 'no-objectives'
  | 'nothing-scored'
  | 'sli-missing'
  | 'sli-twice'
  | 'objective-twice'
  | 'objectives-contradict'
  | 'not-scored'
  | 'never-scored'
  | 'key-sli-without-effect'
  | 'key-sli-without-weight'
  | 'criterion-twice'
  | 'never-fails'
  | 'never-passes'
  | 'set-never-holds'
  | 'set-without-effect'
  | 'warning-without-effect'
  | 'holds-without-history'
  | 'negative-is-relative'

export function warning(code: SloFindingCode, path: FilePath, message: string): SloFinding {
  return { severity: 'warning', code, path, message }
}
