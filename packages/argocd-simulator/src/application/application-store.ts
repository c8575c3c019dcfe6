import { randomUUID } from 'node:crypto'
import { rfc3339 } from '../time.ts'
import type { Application, ApplicationSpecBody } from './application.ts'

export type ApplicationEvent = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  application: Application
}

export type ApplicationKey = string

/** `namespace/name`: a name alone is not unique in an Argo CD that serves several namespaces. */
export function keyOf(application: {
  metadata: { namespace: string; name: string }
}): ApplicationKey {
  return `${application.metadata.namespace}/${application.metadata.name}`
}

/** Application as a caller hands it over, before the store gave it an identity. */
export type NewApplication = {
  metadata: {
    name: string
    namespace: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    finalizers?: string[]
  }
  spec: ApplicationSpecBody
}

/**
 * Stands where the Kubernetes API stands for a real Argo CD: holds the Application objects, gives every
 * write a new resourceVersion and tells watchers. Writes are synchronous, so two writers never meet
 * inside one; readers get copies.
 */
export class ApplicationStore {
  readonly #applications = new Map<ApplicationKey, Application>()
  readonly #listeners = new Set<(event: ApplicationEvent) => void>()
  #resourceVersion = 1000

  /** The version a list answer carries and a watch may start from. */
  get resourceVersion(): string {
    return String(this.#resourceVersion)
  }

  get(key: ApplicationKey): Application | undefined {
    const found = this.#applications.get(key)
    return found === undefined ? undefined : structuredClone(found)
  }

  list(): Application[] {
    return [...this.#applications.values()]
      .map((application) => structuredClone(application))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  /** Adds an application that has never been compared. Returns undefined if the key is taken. */
  add(added: NewApplication): Application | undefined {
    if (this.#applications.has(keyOf(added))) return undefined
    const application: Application = {
      metadata: {
        ...structuredClone(added.metadata),
        uid: randomUUID(),
        resourceVersion: this.#nextVersion(),
        generation: 1,
        creationTimestamp: rfc3339(Date.now()),
      },
      spec: structuredClone(added.spec),
      status: {
        sync: { status: '', comparedTo: { destination: {} } },
        health: {},
        summary: {},
      },
    }
    this.#applications.set(keyOf(added), application)
    this.#notify('ADDED', application)
    return structuredClone(application)
  }

  /**
   * Lets `change` edit a copy and stores it. An edit that changes nothing keeps the resourceVersion and
   * wakes nobody. Returns the stored object, or undefined if there is no such application.
   */
  update(key: ApplicationKey, change: (application: Application) => void): Application | undefined {
    const before = this.#applications.get(key)
    if (before === undefined) return undefined
    const after = structuredClone(before)
    change(after)
    dropEmptyMaps(after)
    if (JSON.stringify(after) === JSON.stringify(before)) return after
    after.metadata.resourceVersion = this.#nextVersion()
    if (JSON.stringify(after.spec) !== JSON.stringify(before.spec)) after.metadata.generation += 1
    this.#applications.set(key, after)
    this.#notify('MODIFIED', after)
    return structuredClone(after)
  }

  remove(key: ApplicationKey): Application | undefined {
    const removed = this.#applications.get(key)
    if (removed === undefined) return undefined
    this.#applications.delete(key)
    removed.metadata.resourceVersion = this.#nextVersion()
    this.#notify('DELETED', removed)
    return removed
  }

  /** Calls `listener` after every write, in order. Returns the function that ends it. */
  subscribe(listener: (event: ApplicationEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #nextVersion(): string {
    this.#resourceVersion += 1
    return String(this.#resourceVersion)
  }

  #notify(type: ApplicationEvent['type'], application: Application): void {
    for (const listener of [...this.#listeners]) {
      listener({ type, application: structuredClone(application) })
    }
  }
}

/** Go leaves empty maps out of the JSON. */
function dropEmptyMaps({ metadata }: Application): void {
  for (const name of ['labels', 'annotations'] as const) {
    const map = metadata[name]
    if (map !== undefined && Object.keys(map).length === 0) delete metadata[name]
  }
}
