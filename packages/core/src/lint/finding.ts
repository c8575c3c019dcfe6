import type { FilePath, Severity } from '@tiphys/contract/problem.ts'

/** One thing to say about a file that was read. The caller turns `path` into line and column. */
export type Finding = {
  readonly severity: Severity
  readonly code: string
  readonly path: FilePath
  /** One sentence that stands alone. */
  readonly message: string
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

/** Errors first, then warnings, then what is only worth knowing; within each in the order given. */
export function bySeverity<T extends { readonly severity: Severity }>(
  findings: readonly T[],
): readonly T[] {
  return findings.toSorted((left, right) => RANK[left.severity] - RANK[right.severity])
}
