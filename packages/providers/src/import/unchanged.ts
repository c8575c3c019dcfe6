import type { ImportUnchanged } from '@tiphys/contract/import-report.ts'
import type { FilePath } from '@tiphys/contract/problem.ts'
import type { Shipyard } from '@tiphys/contract/shipyard.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import { notReadHere, serviceFileKind } from '@tiphys/core/import/service-files.ts'
import type { KeptnRepository } from './keptn-repository.ts'
import type { PlacedFinding } from './placed-finding.ts'

/** How much of a project has neither errors nor changes: what a team may stop worrying about. */
export function unchangedOf(
  repository: KeptnRepository,
  shipyard: Shipyard,
  placed: readonly PlacedFinding[],
): ImportUnchanged[] {
  const told = placed.filter(({ finding }) => finding.severity !== 'info')
  const files = new Set(told.flatMap(({ file }) => file ?? []))
  const inShipyard = told
    .filter(({ file }) => file?.uri === 'shipyard.yaml')
    .map(({ path }) => path)
  const sequences = shipyard.spec.stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).map(
      (_, index): FilePath => ['spec', 'stages', stageIndex, 'sequences', index],
    ),
  )
  const triggers = shipyard.spec.stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).flatMap((sequence, index) =>
      (sequence.triggeredOn ?? []).map(
        (_, place): FilePath => [
          'spec',
          'stages',
          stageIndex,
          'sequences',
          index,
          'triggeredOn',
          place,
        ],
      ),
    ),
  )
  const ofKind = (kind: string) =>
    repository.files.filter(({ uri }) => serviceFileKind(uri) === kind)
  const others = repository.files.filter(
    ({ uri }) => !['shipyard', 'metadata', 'slo', 'sli'].includes(serviceFileKind(uri)),
  )
  const isUntold = (file: ImportedFile) =>
    !files.has(file) && notReadHere(serviceFileKind(file.uri)) === undefined
  return [
    counted('sequences', sequences, (path) => !inShipyard.some((one) => isWithin(one, path))),
    counted('triggers', triggers, (path) => !inShipyard.some((one) => isWithin(one, path))),
    counted('slo files', ofKind('slo'), isUntold),
    counted('sli files', ofKind('sli'), isUntold),
    counted('other files', others, isUntold),
  ].filter(({ of }) => of > 0)
}

function counted<T>(
  what: ImportUnchanged['what'],
  all: readonly T[],
  isUnchanged: (one: T) => boolean,
): ImportUnchanged {
  return { what, count: all.filter(isUnchanged).length, of: all.length }
}

function isWithin(path: FilePath, outer: FilePath): boolean {
  return outer.every((step, index) => path[index] === step)
}
