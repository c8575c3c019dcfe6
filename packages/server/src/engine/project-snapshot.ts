import type { ProjectYaml, StageSettings } from '@tiphys/contract/project-yaml.ts'
import type { Shipyard } from '@tiphys/contract/shipyard.ts'
import type { Pin, Place, ResourceEntry } from '../ports/configuration.ts'

/**
 * The configuration of a project at one pin: what a run decides with, from its trigger to its end. Which resources exist is known
 * at once; contents are read from the object database when asked for, and kept.
 */
export interface ProjectSnapshot {
  readonly projectId: string
  readonly project: string
  readonly pin: Pin
  /** The `gitcommitid` on the wire, where stages have no branches of their own. */
  readonly commitId: string
  /** What runs of a stage pin instead, where it has a branch of its own. */
  readonly stagePins?: ReadonlyMap<string, StagePin>
  readonly shipyard: Shipyard
  readonly settings: ProjectYaml
  /** What is wrong with the file that holds them: then `settings` are the defaults, and nothing may be thrown away for them. */
  readonly settingsProblem?: string
  stageSettings(stage: string): StageSettings
  /** Everything that exists, by place. */
  readonly entries: readonly ResourceEntry[]
  /** Where a lookup service over stage over project finds a resource first; undefined when nowhere. */
  find(stage: string, service: string, uri: string): Place | undefined
  /** Text of the resource found by `find`, with the place it came from. */
  read(stage: string, service: string, uri: string): Promise<FoundText | undefined>
  /**
   * The same at once, for the files that decide who carries out a task (`PRELOADED_URIS`): they are read when the snapshot is made.
   */
  peek(stage: string, service: string, uri: string): FoundText | undefined
  /** Text at exactly one place. */
  readAt(place: Place, uri: string): Promise<string | undefined>
}

/** `commitId` is the `gitcommitid` on the wire. */
export type StagePin = { readonly pin: Pin; readonly commitId: string }

/** What a run of a stage pins. */
export function pinOfStage(snapshot: ProjectSnapshot, stage: string): StagePin {
  return snapshot.stagePins?.get(stage) ?? { pin: snapshot.pin, commitId: snapshot.commitId }
}

export type FoundText = { readonly text: string; readonly place: Place }

/** Resources that `peek` knows, at every place. */
export const PRELOADED_URIS = ['argocd.yaml', 'tiphys/tests.yaml', 'slo.yaml'] as const

/** `shipyard.yaml`, `sockshop/dev/carts/slo.yaml`: how a resource is called in messages to people. */
export function placeName(place: Place, uri: string): string {
  switch (place.level) {
    case 'project':
      return uri
    case 'stage':
      return `${place.stage}/${uri}`
    case 'service':
      return `${place.stage}/${place.service}/${uri}`
  }
}
