import type {
  Configuration,
  Pin,
  Place,
  ResourceChange,
  WriteResult,
} from '../../src/ports/configuration.ts'

type Tree = ReadonlyMap<
  string,
  { readonly place: Place; readonly uri: string; readonly bytes: Uint8Array }
>

/** Configuration without Git: every commit is a whole tree that is kept. */
export function createMemoryConfiguration(): Configuration {
  const histories = new Map<string, Tree[]>()
  const historyOf = (projectId: string) => histories.get(projectId) ?? []
  const commitId = (number: number) => number.toString(16).padStart(40, '0')
  const treeAt = (projectId: string, at: Pin): Tree =>
    historyOf(projectId)[Number.parseInt(at['main'] ?? '', 16) - 1] ?? new Map()

  function append(projectId: string, tree: Tree): WriteResult & { code: 'written' } {
    const history = [...historyOf(projectId), tree]
    histories.set(projectId, history)
    const id = commitId(history.length)
    return { code: 'written', commitId: id, pin: { main: id } }
  }

  return {
    createProject(projectId, files) {
      if (histories.has(projectId)) return Promise.resolve({ code: 'exists' })
      const place: Place = { level: 'project' }
      const tree = new Map(
        Object.entries(files).map(([uri, bytes]) => [keyOf(place, uri), { place, uri, bytes }]),
      )
      return Promise.resolve({ code: 'created', commitId: append(projectId, tree).commitId })
    },
    deleteProject(projectId) {
      histories.delete(projectId)
      return Promise.resolve()
    },
    write(projectId, change: ResourceChange) {
      const { place } = change
      const tree = new Map(historyOf(projectId).at(-1))
      for (const [uri, bytes] of Object.entries(change.files)) {
        if (bytes === undefined) tree.delete(keyOf(place, uri))
        else tree.set(keyOf(place, uri), { place, uri, bytes })
      }
      return Promise.resolve(append(projectId, tree))
    },
    removePlaces(projectId, places) {
      const tree = [...(historyOf(projectId).at(-1) ?? [])].filter(
        ([, entry]) => !places.some((place) => isWithin(entry.place, place)),
      )
      return Promise.resolve(append(projectId, new Map(tree)))
    },
    addServices(projectId) {
      const id = commitId(historyOf(projectId).length)
      return Promise.resolve({ code: 'written', commitId: id, pin: { main: id } })
    },
    layoutOf: () => ({ kind: 'directories', mainBranch: 'main' }),
    head: (projectId) => Promise.resolve({ main: commitId(historyOf(projectId).length) }),
    list: (projectId, at) =>
      Promise.resolve(
        [...treeAt(projectId, at).values()].map(({ place, uri }) => ({ place, uri })),
      ),
    read: (projectId, place, uri, at) =>
      Promise.resolve(treeAt(projectId, at).get(keyOf(place, uri))?.bytes),
    pinOf(projectId, id) {
      const number = Number.parseInt(id, 16)
      const isKnown = number >= 1 && number <= historyOf(projectId).length
      return Promise.resolve(isKnown && id === commitId(number) ? { main: id } : undefined)
    },
  }
}

function keyOf(place: Place, uri: string): string {
  const stage = place.level === 'project' ? '' : place.stage
  const service = place.level === 'service' ? place.service : ''
  return JSON.stringify([stage, service, uri])
}

function isWithin(place: Place, outer: Exclude<Place, { level: 'project' }>): boolean {
  if (place.level === 'project' || place.stage !== outer.stage) return false
  return outer.level === 'stage' || (place.level === 'service' && place.service === outer.service)
}
