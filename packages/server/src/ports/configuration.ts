import type { KeptnLayout, KeptnPlace } from '@tiphys/core/configuration/keptn-layout.ts'
import type { GitFailure } from './desired-state.ts'

/**
 * The configuration of projects in Git: one local bare repository per project, resources at project, stage and service
 * level. Reads at a commit come from the object database, without a checkout. An embedded repository has one branch `main` in Keptn's
 * directory layout; a project with an upstream (ports/upstreams.ts) has the layout of that (core/configuration/keptn-layout.ts).
 * A folder of a stage is a service when it has a `metadata.yaml`, which the first write to the service adds; other folders
 * are part of the names of the stage's resources (`prometheus/sli.yaml`).
 *
 * Writes of one project come one after the other, each is one commit on each branch it changes, and it is on disk when its promise
 * resolves. With an upstream it is there too: it is made on what the upstream holds at that moment, others' pushes in between are met by
 * doing it again, and `upstream-failed` means that nothing has changed here or there, or says that this is not known. What a caller
 * can get wrong is an answer; a missing repository or a broken disk throws.
 */
export interface Configuration {
  /** Creates the repository with its first commit (shipyard.yaml, metadata.yaml). `exists` changes nothing. */
  createProject(
    projectId: string,
    files: Readonly<Record<string, Uint8Array>>,
    metadata: { readonly name: string; readonly createdMs: number },
  ): Promise<{ code: 'created'; commitId: string } | { code: 'exists' }>
  /** Also when it is not there. */
  deleteProject(projectId: string): Promise<void>

  /**
   * Writes, replaces and deletes resources in one commit. Nothing to change is no new commit. `invalid-uri` when a name cannot be a
   * file of the repository (`..`, `~`, an absolute path, parts that belong to Git, what the server writes itself) or collides with
   * another resource, or when a stage would have the branch of the project's own files; `not-found` when there is no such project, or something to delete is not there. Neither changes anything.
   */
  write(projectId: string, change: ResourceChange): Promise<WriteResult>
  /** Deletes everything of stages or services in one go; nothing there is no new commit. */
  removePlaces(
    projectId: string,
    places: readonly Exclude<Place, { level: 'project' }>[],
    words: CommitWords,
  ): Promise<WriteResult>
  /**
   * Makes services known in the repository of a project with an upstream, as Keptn does, by a metadata.yaml in each stage, all in one
   * go. Without an upstream nobody else reads it, and the first write to the service does that.
   */
  addServices(
    projectId: string,
    services: readonly string[],
    stages: readonly string[],
    author?: string,
  ): Promise<WriteResult>
  layoutOf(projectId: string): KeptnLayout
  /** The newest commit of every branch. */
  head(projectId: string): Promise<Pin>
  /** Every resource at a commit, by place. */
  list(projectId: string, at: Pin): Promise<readonly ResourceEntry[]>
  read(projectId: string, place: Place, uri: string, at: Pin): Promise<Uint8Array | undefined>
  /**
   * The pin that a commit id on the wire stands for, or undefined when this repository has no such commit. With a branch per stage it is
   * a commit of the stage's branch, and the project's own files are the newest; a commit of the main branch stands for itself.
   */
  pinOf(projectId: string, commitId: string, stage?: string): Promise<Pin | undefined>
}

/** {branch: commit} (behaviour.md 9); the directory layout has one branch. */
export type Pin = Readonly<Record<string, string>>

export type Place = KeptnPlace

export type ResourceEntry = { readonly place: Place; readonly uri: string }

export type CommitWords = Pick<ResourceChange, 'message' | 'author'>

export type ResourceChange = {
  readonly place: Place
  /** undefined deletes. */
  readonly files: Readonly<Record<string, Uint8Array | undefined>>
  readonly message: string
  /** `name <mail>` is made of it; default `Tiphys`. In an upstream every commit is Keptn's, and a trailer names the author. */
  readonly author?: string
  /** Stages that there are after the change: in a repository with a branch for each, missing ones are made. */
  readonly stages?: readonly string[]
}

export type WriteResult =
  /** `commitId` is of the branch that holds the place. */
  | { readonly code: 'written'; readonly commitId: string; readonly pin: Pin }
  | { readonly code: 'upstream-failed'; readonly failure: GitFailure }
  | { readonly code: 'invalid-uri'; readonly message: string }
  | { readonly code: 'not-found'; readonly message: string }
