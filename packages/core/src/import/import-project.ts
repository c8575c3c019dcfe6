import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardStage } from '@tiphys/contract/shipyard.ts'
import type { KeptnPlace } from '../configuration/keptn-layout.ts'
import type { Difference } from './difference.ts'

/** A file of a Keptn repository, and what it is to the project. */
export type ImportedFile = {
  readonly place: KeptnPlace
  /** Name at its place: `slo.yaml`, `jmeter/load.jmx`. */
  readonly uri: string
  /** Undefined where a plain folder was read. */
  readonly branch?: string
  /** Path on its branch. */
  readonly path: string
  readonly sizeBytes: number
}

/** Everything the rules look at that concerns more than one file. */
export type ImportProject = {
  readonly name: string
  readonly stages: readonly ShipyardStage[]
  readonly services: readonly { readonly stage: string; readonly service: string }[]
  readonly files: readonly ImportedFile[]
  /** Symbolic links and submodules, which are no resources. */
  readonly notFiles: readonly ImportedFile[]
  /** Stages of the shipyard for which nothing was found. */
  readonly missingStages: readonly string[]
  /** A folder without Git was read: branches of stages cannot be seen. */
  readonly withoutBranches: boolean
  /** Who answered tasks in Keptn, as far as files tell. */
  readonly answerers: readonly Answerer[]
  /** `sliProvider` of tiphys/project.yaml, where the repository already has one. */
  readonly sliProvider?: string
  /** SLI providers that this version can ask. */
  readonly builtInProviders: readonly string[]
}

/** A webhook.yaml or a job/config.yaml: one of Keptn's own services, and the events it acted on. */
export type Answerer = {
  readonly by: 'webhook-service' | 'job-executor-service'
  readonly place: KeptnPlace
  readonly file: ImportedFile
  /** Event types as the file has them, and where; those of the job executor are regular expressions. */
  readonly events: readonly { readonly type: string; readonly path: FilePath }[]
}

/** A difference, and the file it is about; without one it is about the whole project. */
export type LocatedDifference = Difference & { readonly file?: ImportedFile }

/** Whether a file at `place` counts for a service of a stage: its own, its stage's, or the project's. */
export function countsFor(place: KeptnPlace, stage: string, service: string | undefined): boolean {
  if (place.level === 'project') return true
  if (place.stage !== stage) return false
  return place.level === 'stage' || place.service === service
}

/** `service carts in dev`, `stage dev`, `the project`. */
export function placeName(place: KeptnPlace): string {
  if (place.level === 'project') return 'the project'
  return place.level === 'stage' ? `stage ${place.stage}` : `${place.service} in ${place.stage}`
}
