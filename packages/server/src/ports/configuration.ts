/**
 * The configuration of projects in Git: one embedded bare repository per project, resources at project, stage and service
 * level. Reads at a commit come from the object database, without a checkout. Layout of the embedded repository: one branch
 * `main`, project resources at the root, `.keptn-stages/<stage>/…`, `.keptn-stages/<stage>/<service>/…` (Keptn's directory layout).
 * A folder of a stage is a service when it has a `metadata.yaml`, which the first write to the service adds; other folders
 * are part of the names of the stage's resources (`prometheus/sli.yaml`).
 *
 * Writes of one project come one after the other, each is one commit, and it is on disk when its promise resolves. What a caller
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
   * another resource; `not-found` when there is no such project, or something to delete is not there. Neither changes anything.
   */
  write(projectId: string, change: ResourceChange): Promise<WriteResult>
  /** Deletes everything of a stage or a service in one commit; nothing there is no new commit. */
  removePlace(
    projectId: string,
    place: Exclude<Place, { level: 'project' }>,
    message: string,
  ): Promise<WriteResult>
  /** The newest commit. */
  head(projectId: string): Promise<Pin>
  /** Every resource at a commit, by place. */
  list(projectId: string, at: Pin): Promise<readonly ResourceEntry[]>
  read(projectId: string, place: Place, uri: string, at: Pin): Promise<Uint8Array | undefined>
  /** The pin that a commit id on the wire stands for, or undefined when this repository has no such commit. */
  pinOf(projectId: string, commitId: string): Promise<Pin | undefined>
}

/** {branch: commit} (behaviour.md 9); the embedded layout has the one branch `main`. */
export type Pin = Readonly<Record<string, string>>

export type Place =
  | { readonly level: 'project' }
  | { readonly level: 'stage'; readonly stage: string }
  | { readonly level: 'service'; readonly stage: string; readonly service: string }

export type ResourceEntry = { readonly place: Place; readonly uri: string }

export type ResourceChange = {
  readonly place: Place
  /** undefined deletes. */
  readonly files: Readonly<Record<string, Uint8Array | undefined>>
  readonly message: string
  /** `name <mail>` is made of it; default `Tiphys`. */
  readonly author?: string
}

export type WriteResult =
  | { readonly code: 'written'; readonly commitId: string; readonly pin: Pin }
  | { readonly code: 'invalid-uri'; readonly message: string }
  | { readonly code: 'not-found'; readonly message: string }
