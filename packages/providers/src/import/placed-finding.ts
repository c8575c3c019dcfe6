import type { ImportFinding } from '@tiphys/contract/import-report.ts'
import type { FilePath } from '@tiphys/contract/problem.ts'
import type { Difference } from '@tiphys/core/import/difference.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import type { FileReport } from './read-files.ts'

/** A finding before it is told, with what only the counts need. */
export type PlacedFinding = {
  readonly finding: ImportFinding
  readonly file?: ImportedFile
  /** Within the shipyard; empty elsewhere. */
  readonly path: FilePath
}

export function placedOf(file: ImportedFile | undefined, report: FileReport): PlacedFinding[] {
  return [
    ...report.differences.map((one) => placedFinding(one, file, report.at(one.path), false)),
    ...report.problems.map(({ difference, line, column, refused }) =>
      placedFinding({ ...difference, path: [] }, file, { line, column }, refused),
    ),
  ]
}

export function placedFinding(
  difference: Difference,
  file: ImportedFile | undefined,
  { line, column }: { readonly line: number; readonly column: number },
  refused: boolean,
): PlacedFinding {
  const { severity, code, path, subject, was, now, todo } = difference
  const place = file?.place
  return {
    ...fileIs(file),
    path,
    finding: {
      severity,
      code,
      refused,
      ...(file === undefined ? {} : { file: file.path, line, column }),
      ...(file?.branch === undefined ? {} : { branch: file.branch }),
      ...(place === undefined || place.level === 'project' ? {} : { stage: place.stage }),
      ...(place?.level === 'service' ? { service: place.service } : {}),
      ...(subject === undefined ? {} : { subject }),
      was,
      now,
      ...(todo === undefined ? {} : { todo }),
    },
  }
}

export function fileIs(file: ImportedFile | undefined): { readonly file?: ImportedFile } {
  return file === undefined ? {} : { file }
}

const RANK = { error: 0, changes: 1, info: 2 } as const

/** By severity; then the shipyard, then other files by stage and path, then what concerns the whole project. */
export function inOrder(placed: readonly PlacedFinding[]): PlacedFinding[] {
  const key = ({ finding, file }: PlacedFinding) =>
    file === undefined
      ? '3'
      : file.place.level === 'project'
        ? `${file.uri === 'shipyard.yaml' ? 0 : 1} ${file.path}`
        : `2 ${file.place.stage} ${finding.file ?? ''}`
  return placed.toSorted(
    (left, right) =>
      RANK[left.finding.severity] - RANK[right.finding.severity] ||
      compareText(key(left), key(right)) ||
      (left.finding.line ?? 0) - (right.finding.line ?? 0) ||
      (left.finding.column ?? 0) - (right.finding.column ?? 0),
  )
}

function compareText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
