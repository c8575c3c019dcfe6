import type { KeptnLayout } from '@tiphys/core/configuration/keptn-layout.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import { serviceFileKind } from '@tiphys/core/import/service-files.ts'

/** A Keptn v1 project as it was read: every file with its place, and the texts that the report looks into. */
export type KeptnRepository = {
  /** The folder or URL, for people. */
  readonly name: string
  readonly layout: KeptnLayout['kind']
  /** Undefined where a plain folder was read. */
  readonly branch?: string
  readonly commit?: string
  /** As metadata.yaml calls the project. */
  readonly project?: string
  readonly services: readonly { readonly stage: string; readonly service: string }[]
  readonly files: readonly ImportedFile[]
  /** Symbolic links and submodules. */
  readonly notFiles: readonly ImportedFile[]
  /** Stages of the shipyard for which there is no branch or folder. */
  readonly missingStages: readonly string[]
  readonly texts: ReadonlyMap<ImportedFile, string>
}

/** More text than a parser takes is not read; its size is told. */
const MAX_TEXT_BYTES = 1_000_000

/** Whether the report looks into a file, so that its text has to be read. */
export function isLookedInto(file: ImportedFile): boolean {
  return file.sizeBytes <= MAX_TEXT_BYTES && READ_KINDS.has(serviceFileKind(file.uri))
}

const READ_KINDS = new Set([
  'shipyard',
  'slo',
  'sli',
  'tests',
  'argocd',
  'project',
  'webhook',
  'job',
])
