import {
  type KeptnLayout,
  locate,
  METADATA_FILE,
  stageFault,
} from '@tiphys/core/configuration/keptn-layout.ts'
import type { Place, ResourceChange } from '../../ports/configuration.ts'
import type { Heads } from './branch-heads.ts'
import type { NewFile } from './fast-import.ts'
import { serviceMetadata } from './keptn-metadata.ts'
import type { Repositories } from './repositories.ts'
import { collisionOf } from './resource-collision.ts'
import { placeFault, resourceUriFault } from './resource-uri.ts'

/** What a write comes to on the branches as they stand. */
export type Plan =
  | { readonly code: 'planned'; readonly changes: readonly BranchChange[] }
  | { readonly code: 'invalid-uri'; readonly message: string }
  | { readonly code: 'not-found'; readonly message: string }

/** One commit on one branch. A branch that is not there begins at the main branch, as Keptn's did; without files that is all. */
export type BranchChange = { readonly branch: string; readonly files: readonly NewFile[] }

/** The branches to plan on, and how to look into them. */
export type Ground = {
  readonly repositories: Repositories
  readonly directory: string
  readonly layout: KeptnLayout
  readonly heads: Heads
  readonly nowMs: number
}

export async function planWrite(ground: Ground, change: ResourceChange): Promise<Plan> {
  const named = change.place.level === 'project' ? [] : [change.place.stage]
  const stages = [...named, ...(change.stages ?? [])]
  const fault = changeFault(change) ?? stageFault(ground.layout, stages)
  if (fault !== undefined) return { code: 'invalid-uri', message: fault }
  const { branch, folder } = locate(ground.layout, change.place)
  const paths = await pathsOn(ground, branch)
  const collision = collisionOf(ground.layout, change, paths)
  if (collision !== undefined) return { code: 'invalid-uri', message: collision }
  for (const [uri, content] of Object.entries(change.files)) {
    if (content !== undefined || paths.has(folder + uri)) continue
    return { code: 'not-found', message: 'Resource not found' }
  }
  const files = await differences(ground, change, paths)
  const changes = files.length === 0 ? [] : [{ branch, files }]
  return { code: 'planned', changes: [...changes, ...missingBranches(ground, change.stages ?? [])] }
}

export async function planRemoval(
  ground: Ground,
  places: readonly Exclude<Place, { level: 'project' }>[],
): Promise<Plan> {
  const byBranch = new Map<string, NewFile[]>()
  for (const place of places) {
    const { branch, folder } = locate(ground.layout, place)
    // A branch of its own is the stage's whole history; it is not ours to delete.
    if (stageFault(ground.layout, [place.stage]) !== undefined) continue
    if (placeFault(place) !== undefined || folder === '' || !ground.heads.has(branch)) continue
    const paths = await pathsOn(ground, branch)
    if (![...paths].some((path) => path.startsWith(folder))) continue
    const removed = { path: folder.slice(0, -1), content: undefined }
    byBranch.set(branch, [...(byBranch.get(branch) ?? []), removed])
  }
  return {
    code: 'planned',
    changes: [...byBranch].map(([branch, files]) => ({ branch, files })),
  }
}

/** A metadata.yaml in every stage that has none of a service. */
export async function planServices(
  ground: Ground,
  services: readonly string[],
  stages: readonly string[],
): Promise<Plan> {
  const refused = stageFault(ground.layout, stages)
  if (refused !== undefined) return { code: 'invalid-uri', message: refused }
  const byBranch = new Map<string, NewFile[]>()
  const places = stages.flatMap((stage) =>
    services.map((service) => ({ level: 'service', stage, service }) as const),
  )
  for (const place of places) {
    const fault = placeFault(place)
    if (fault !== undefined) return { code: 'invalid-uri', message: fault }
    const { branch, folder } = locate(ground.layout, place)
    const paths = await pathsOn(ground, branch)
    // A folder of that name belongs to the stage's resources already, and stays theirs.
    if ([...paths].some((path) => path.startsWith(folder))) continue
    const content = serviceMetadata(place.service, ground.nowMs)
    const added = { path: folder + METADATA_FILE, content }
    byBranch.set(branch, [...(byBranch.get(branch) ?? []), added])
  }
  return {
    code: 'planned',
    changes: [...byBranch].map(([branch, files]) => ({ branch, files })),
  }
}

/** The commit of a branch, or the one that it would begin at. */
export function baseOf(layout: KeptnLayout, heads: Heads, branch: string): string | undefined {
  return heads.get(branch) ?? heads.get(layout.mainBranch)
}

async function pathsOn(ground: Ground, branch: string): Promise<ReadonlySet<string>> {
  const base = baseOf(ground.layout, ground.heads, branch)
  return base === undefined ? new Set() : await ground.repositories.paths(ground.directory, base)
}

/** What the commit has to write: files that differ from the head, and the metadata of a service that has none yet. */
async function differences(
  ground: Ground,
  change: ResourceChange,
  paths: ReadonlySet<string>,
): Promise<NewFile[]> {
  const { layout, heads, repositories, directory } = ground
  const { branch, folder } = locate(layout, change.place)
  const head = baseOf(layout, heads, branch)
  const files: NewFile[] = []
  for (const [uri, content] of Object.entries(change.files)) {
    const path = folder + uri
    if (content !== undefined && paths.has(path)) {
      const old = await repositories.read(directory, `${head}:${path}`)
      if (old?.content.equals(content) === true) continue
    }
    files.push({ path, content })
  }
  const { place } = change
  if (place.level === 'service' && !paths.has(folder + METADATA_FILE)) {
    files.push({
      path: folder + METADATA_FILE,
      content: serviceMetadata(place.service, ground.nowMs),
    })
  }
  return files
}

function missingBranches(
  { layout, heads }: Ground,
  stages: readonly string[],
): readonly BranchChange[] {
  if (layout.kind !== 'branch-per-stage') return []
  return stages.filter((stage) => !heads.has(stage)).map((branch) => ({ branch, files: [] }))
}

function changeFault(change: ResourceChange): string | undefined {
  const fault = placeFault(change.place)
  if (fault !== undefined) return fault
  for (const uri of Object.keys(change.files)) {
    const uriFault = resourceUriFault(change.place, uri)
    if (uriFault !== undefined) return uriFault
  }
  return undefined
}
