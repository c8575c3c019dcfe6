import type { Problem } from '@tiphys/contract/problem.ts'
import type { ProjectSnapshot } from '../engine/project-snapshot.ts'
import type { Actor } from '../intake/actor.ts'
import type { Pin, Place, ResourceEntry } from '../ports/configuration.ts'
import type { HostKey, UpstreamConnection, UpstreamState } from '../ports/upstreams.ts'

/**
 * Projects, their services and their files. The registry is a fold of the streams `project/<id>`; files live in the
 * configuration repository. Ids are immutable, names can be used again after a deletion.
 */
export interface Projects {
  /** By name. */
  list(): readonly ProjectRecord[]
  find(name: string): ProjectRecord | undefined
  byId(projectId: string): ProjectRecord | undefined
  /** With an upstream: begun there, or adopted from it with its services. Anything but `created` leaves nothing behind. */
  create(request: CreateProject, actor: Actor): Promise<CreateProjectAnswer>
  /** Gives it an upstream, another one, or other credentials (ports/upstreams.ts `attach`). */
  attachUpstream(
    name: string,
    connection: UpstreamConnection,
    actor: Actor,
  ): Promise<{ readonly code: 'attached' } | ProjectNotFound | Invalid | UpstreamRefused>
  /** Looks at the upstream now, within a few seconds; undefined when there is none. */
  lookAtUpstream(projectId: string): Promise<UpstreamView | undefined>
  /** Replaces the shipyard; stages may change at any time, running sequences keep the shipyard of their commit. */
  updateShipyard(name: string, shipyard: string, actor: Actor): Promise<UpdateProjectAnswer>
  /** Ends its runs, forgets its events and its repository. */
  delete(name: string, actor: Actor): Promise<{ code: 'deleted' } | ProjectNotFound>
  createService(project: string, service: string, actor: Actor): Promise<CreateServiceAnswer>
  deleteService(
    project: string,
    service: string,
    actor: Actor,
  ): Promise<{ code: 'deleted' } | ProjectNotFound | ServiceNotFound | UpstreamRefused>

  /** Checks our own files (strict), writes, makes the new configuration the one that the next trigger pins. */
  writeResources(
    project: string,
    place: Place,
    files: Readonly<Record<string, Uint8Array | undefined>>,
    actor: Actor,
  ): Promise<WriteResourcesAnswer>
  listResources(
    project: string,
    place: Place,
    commitId?: string,
  ): Promise<
    { code: 'listed'; entries: readonly ResourceEntry[]; commitId: string } | ResourceNotFound
  >
  readResource(
    project: string,
    place: Place,
    uri: string,
    commitId?: string,
  ): Promise<{ code: 'found'; content: Uint8Array; commitId: string } | ResourceNotFound>

  /** The configuration at the newest commit, as the next trigger would pin it. `LostCopyError` (ports/upstreams.ts) while there is none. */
  snapshot(projectId: string): Promise<ProjectSnapshot>
  snapshotAt(projectId: string, pin: Pin): Promise<ProjectSnapshot>
  /**
   * The configuration at a commit id of the wire; undefined when the project has no such commit, nor its upstream, which is asked. `stage`
   * says whose branch it is where stages have their own.
   */
  snapshotOfCommit(
    projectId: string,
    commitId: string,
    stage?: string,
  ): Promise<ProjectSnapshot | undefined>
}

export type ProjectRecord = {
  readonly projectId: string
  readonly name: string
  readonly createdMs: number
  /** In order of the shipyard. */
  readonly stages: readonly string[]
  /** By name; a service exists in every stage. */
  readonly services: readonly { readonly name: string; readonly createdMs: number }[]
  /** The text of shipyard.yaml at the newest commit. */
  readonly shipyard: string
  /** Where its configuration is kept besides here, without secrets. */
  readonly upstream?: UpstreamState
}

export type CreateProject = {
  readonly name: string
  /** YAML text; an upstream that holds a project brings its own. */
  readonly shipyard?: string
  readonly upstream?: UpstreamConnection
}

export type UpstreamView = {
  readonly state: UpstreamState
  /** False: it was waited for, and the state is from before. */
  readonly hasAnswered: boolean
  /** ssh keys pinned for its host; none over https. */
  readonly hostKeys: readonly HostKey[]
}

export type ProjectNotFound = { readonly code: 'project-not-found'; readonly message: string }
export type ServiceNotFound = { readonly code: 'service-not-found'; readonly message: string }
/** `message` is Keptn's: "Project not found", "Stage not found", "Service not found", "Resource not found". */
export type ResourceNotFound = { readonly code: 'not-found'; readonly message: string }
export type Invalid = {
  readonly code: 'invalid'
  readonly message: string
  readonly problems: readonly Problem[]
}

/** `message` is one sentence, with the host's words where it had some. */
export type UpstreamRefused = {
  readonly code:
    | 'upstream-failed'
    | 'upstream-not-found'
    | 'upstream-url-refused'
    | 'upstream-taken'
    | 'upstream-conflict'
  readonly message: string
}

export type CreateProjectAnswer =
  | { readonly code: 'created'; readonly projectId: string; readonly warnings: readonly Problem[] }
  | { readonly code: 'exists'; readonly message: string }
  | Invalid
  | UpstreamRefused
export type UpdateProjectAnswer =
  | { readonly code: 'updated'; readonly warnings: readonly Problem[] }
  | ProjectNotFound
  | Invalid
  | UpstreamRefused
export type CreateServiceAnswer =
  | { readonly code: 'created' }
  | { readonly code: 'exists'; readonly message: string }
  | ProjectNotFound
  | Invalid
  | UpstreamRefused
export type WriteResourcesAnswer =
  | { readonly code: 'written'; readonly commitId: string; readonly warnings: readonly Problem[] }
  | ResourceNotFound
  | Invalid
  | UpstreamRefused
