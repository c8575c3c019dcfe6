import {
  type CommitResult,
  type CommitUnit,
  type Store,
  StoreError,
} from '../../src/ports/store.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Fault } from './swarm.ts'

/** One process's way to the disk. After a crash it writes nothing more, and nobody who waits for it hears again. */
export type Life = { readonly store: Store; kill(): void; readonly isDead: () => boolean }

export type FaultyStoreParts = {
  readonly disk: Store
  readonly random: SeededRandom
  /** Asked at every write, because faults end with the story. */
  readonly has: (fault: Fault) => boolean
  readonly isDiskFull: () => boolean
  readonly onDeath: () => void
  /** Somebody reads, writes, or waits for a slow disk. */
  readonly onUse: () => void
  /** A write or a read failed: whoever tries again does it a little later. */
  readonly onRefused: () => void
  /** What was really written by one commit. */
  readonly onWritten: (result: CommitResult) => void
  readonly tell: (what: string) => void
}

const CRASH = 0.015
const UNKNOWN_OUTCOME = 0.08
const READ_ERROR = 0.03
const SLOW = 0.3
const MAX_SLOW_TURNS = 4

const CHANGES: readonly (string | symbol)[] = ['settleEffect', 'postponeEffect', 'deleteProject']
const READS: readonly (string | symbol)[] = [
  'read',
  'openStreams',
  'readLog',
  'dueEffects',
  'nextEffectDueMs',
  'dedupeValue',
]

export function liveStore(parts: FaultyStoreParts): Life {
  const { disk, random, has, onDeath, tell } = parts
  let isDead = false
  const never = () => new Promise<never>(() => {})
  const die = (why: string) => {
    if (!isDead) {
      tell(why)
      onDeath()
    }
    isDead = true
    return never()
  }
  const refused = (error: StoreError) => {
    parts.onRefused()
    return error
  }
  const isHit = (fault: Fault, probability: number) => random.chance(probability) && has(fault)

  /** Writes reach the disk in the order in which they were handed in, as the port says: who is slow holds up those behind. */
  let last: Promise<void> = Promise.resolve()
  function delay(): Promise<void> {
    const turns = isHit('slow-disk', SLOW) ? 1 + random.below(MAX_SLOW_TURNS) : 0
    last = last.then(async () => {
      for (let turn = 0; turn < turns; turn++) {
        parts.onUse()
        await nextTurn()
      }
    })
    return last
  }

  /** Every write of the process: a commit, a settled effect, a deletion. */
  async function write<T>(name: string, work: () => Promise<T>): Promise<T> {
    parts.onUse()
    await delay()
    if (isDead) return await never()
    if (parts.isDiskFull()) throw refused(noSpace())
    const isUnknown = isHit('unknown-outcome', UNKNOWN_OUTCOME)
    const isWritten = random.chance(1 / 2)
    if (isUnknown && !isWritten) {
      tell(`the disk refuses: ${name}`)
      throw refused(noSpace())
    }
    if (isHit('crash-before-commit', CRASH)) return await die(`dies before: ${name}`)
    const result = await work()
    parts.onUse()
    if (isDead) return await never()
    if (isHit('crash-after-commit', CRASH)) return await die(`dies after: ${name}`)
    if (isUnknown) {
      tell(`the disk writes and says that it did not: ${name}`)
      throw refused(noSpace())
    }
    return result
  }

  async function read<T>(work: () => Promise<T>): Promise<T> {
    parts.onUse()
    if (isDead) return await never()
    if (isHit('read-error', READ_ERROR)) {
      tell('the disk cannot be read for a moment')
      throw refused(unreadable())
    }
    const result = await work()
    return isDead ? await never() : result
  }

  async function commit(unit: CommitUnit): Promise<CommitResult> {
    // Read when it is handed in, as the port says, also where it is written later.
    const handedIn = has('slow-disk') ? structuredClone(unit) : unit
    return await write(described(unit), async () => {
      const result = await disk.commit(handedIn)
      parts.onWritten(result)
      return result
    })
  }

  const store = new Proxy(disk, {
    get(target, name) {
      if (name === 'commit') return commit
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = (...args: unknown[]) => Reflect.apply(member, target, args) as Promise<unknown>
      if (CHANGES.includes(name))
        return (...args: unknown[]) => write(String(name), () => call(...args))
      if (READS.includes(name)) return (...args: unknown[]) => read(() => call(...args))
      return call
    },
  })
  return { store, kill: () => void die('is killed'), isDead: () => isDead }
}

function noSpace(): StoreError {
  return new StoreError('the log could not be written: no space left on device (simulated)', {
    retryable: true,
  })
}

function unreadable(): StoreError {
  return new StoreError('the log could not be read: input/output error (simulated)', {
    retryable: true,
  })
}

function described(unit: CommitUnit): string {
  const rows = unit.writes.flatMap(({ events }) => events.map(({ event }) => event.type))
  return rows.map((type) => type.replace('sh.keptn.event.', '')).join(', ') || 'nothing but keys'
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
