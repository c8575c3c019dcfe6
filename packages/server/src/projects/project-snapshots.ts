import { locate } from '@tiphys/core/configuration/keptn-layout.ts'
import type { ProjectSnapshot } from '../engine/project-snapshot.ts'
import { createKeyedMutex } from '../keyed-mutex.ts'
import type { Configuration, Pin, Place } from '../ports/configuration.ts'
import { loadSnapshot, SHIPYARD_URI } from './snapshot.ts'

/** Snapshots of older pins that are kept for runs under way. */
const MAX_KEPT_SNAPSHOTS = 200

/** The configuration of projects as runs see it: the newest one of each, and those of older pins. */
export interface ProjectSnapshots {
  /** At once; undefined before the first `refresh`. */
  newest(projectId: string): ProjectSnapshot | undefined
  /** The text of shipyard.yaml at the newest commit. */
  shipyard(projectId: string): string
  /** Makes what the repository holds now the newest. */
  refresh(projectId: string): Promise<ProjectSnapshot>
  at(projectId: string, pin: Pin): Promise<ProjectSnapshot>
  forget(projectId: string): void
}

export function createProjectSnapshots(
  configuration: Configuration,
  nameOf: (projectId: string) => string,
): ProjectSnapshots {
  const newest = new Map<string, ProjectSnapshot>()
  const shipyards = new Map<string, string>()
  const kept = new Map<string, Promise<ProjectSnapshot>>()
  /** A write and a fetch may both refresh; the later one must not be overtaken. */
  const refreshing = createKeyedMutex()

  async function at(projectId: string, pin: Pin): Promise<ProjectSnapshot> {
    const key = `${projectId}@${Object.entries(pin).join('+')}`
    const known = kept.get(key)
    if (known !== undefined) return await known
    const layout = configuration.layoutOf(projectId)
    const project = nameOf(projectId)
    const loading = loadSnapshot({ configuration, projectId, project, pin, layout })
    kept.set(key, loading)
    loading.catch(() => kept.delete(key))
    const [oldest] = kept.keys()
    if (kept.size > MAX_KEPT_SNAPSHOTS && oldest !== undefined) kept.delete(oldest)
    return await loading
  }

  return {
    newest: (projectId) => newest.get(projectId),
    shipyard: (projectId) => shipyards.get(projectId) ?? '',
    at,
    refresh: (projectId) =>
      refreshing.run(projectId, async () => {
        const snapshot = await at(projectId, await configuration.head(projectId))
        const shipyard = await snapshot.readAt({ level: 'project' }, SHIPYARD_URI)
        shipyards.set(projectId, shipyard ?? '')
        newest.set(projectId, snapshot)
        return snapshot
      }),
    forget(projectId) {
      newest.delete(projectId)
      shipyards.delete(projectId)
    },
  }
}

/** The commit that the wire shows for a place: its branch's, or the main one's where the stage has no branch yet. */
export function commitIdAt(
  layout: ReturnType<Configuration['layoutOf']>,
  pin: Pin,
  place: Place,
): string {
  const { branch } = locate(layout, place)
  return pin[branch] ?? pin[layout.mainBranch] ?? Object.values(pin)[0] ?? ''
}
