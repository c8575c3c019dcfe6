/**
 * When each run has something to do by itself: a binary heap with lazy deletion. Rebuilt from the runs at start; the due
 * times themselves follow from the log.
 */
export type DueTimes = {
  /** Replaces what was known of the run. */
  set(runId: string, dueMs: number | undefined): void
  /** The runs whose time has come, and forgets them until they are set again. */
  takeDue(nowMs: number): string[]
  earliestMs(): number | undefined
}

type Entry = { readonly runId: string; readonly dueMs: number }

/** Stale entries are cleared away when they outnumber the live ones by this factor. */
const STALE_FACTOR = 4
const COMPACT_ABOVE = 1_000

export function createDueTimes(): DueTimes {
  const current = new Map<string, number>()
  let heap: Entry[] = []

  const isLive = (entry: Entry) => current.get(entry.runId) === entry.dueMs

  function push(entry: Entry): void {
    heap.push(entry)
    let index = heap.length - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (dueAt(parent) <= entry.dueMs) break
      swap(index, parent)
      index = parent
    }
  }

  function pop(): void {
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    heap[0] = last
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const smaller = dueAt(left + 1) < dueAt(left) ? left + 1 : left
      if (smaller >= heap.length || dueAt(smaller) >= last.dueMs) return
      swap(index, smaller)
      index = smaller
    }
  }

  const dueAt = (index: number) => heap[index]?.dueMs ?? Number.POSITIVE_INFINITY
  function swap(left: number, right: number): void {
    const a = heap[left]
    const b = heap[right]
    if (a === undefined || b === undefined) return
    heap[left] = b
    heap[right] = a
  }

  function compact(): void {
    if (heap.length < COMPACT_ABOVE || heap.length < STALE_FACTOR * current.size) return
    const live = heap.filter(isLive)
    heap = []
    for (const entry of live) push(entry)
  }

  function dropStale(): void {
    while (heap[0] !== undefined && !isLive(heap[0])) pop()
  }

  return {
    set(runId, dueMs) {
      if (current.get(runId) === dueMs) return
      if (dueMs === undefined) {
        current.delete(runId)
        return
      }
      current.set(runId, dueMs)
      push({ runId, dueMs })
      compact()
    },
    takeDue(nowMs) {
      const due: string[] = []
      for (dropStale(); heap[0] !== undefined && heap[0].dueMs <= nowMs; dropStale()) {
        due.push(heap[0].runId)
        current.delete(heap[0].runId)
        pop()
      }
      return due
    },
    earliestMs() {
      dropStale()
      return heap[0]?.dueMs
    },
  }
}
