import type { CommitResult, CommitUnit, Store } from '../../src/ports/store.ts'
import type { SeededRandom } from './seeded-random.ts'

/** One process's way to the disk. After a crash it writes nothing more, and nobody who waits for it hears again. */
export type Life = { readonly store: Store; kill(): void }

export type StoreFaults = {
  /** The process dies right before a commit reaches the disk. */
  readonly dieBefore: number
  /** … or right after, before anybody hears of it. */
  readonly dieAfter: number
  /** The disk refuses once. */
  readonly refuse: number
}

export function liveStore(
  disk: Store,
  random: SeededRandom,
  faults: StoreFaults,
  onDeath: () => void,
): Life {
  let isDead = false
  const never = () => new Promise<CommitResult>(() => {})
  const die = () => {
    if (!isDead) onDeath()
    isDead = true
    return never()
  }
  async function commit(unit: CommitUnit): Promise<CommitResult> {
    if (isDead) return await never()
    if (random.chance(faults.refuse)) throw new Error('no space left on device (simulated)')
    if (random.chance(faults.dieBefore)) return await die()
    const result = await disk.commit(unit)
    if (isDead) return await never()
    return random.chance(faults.dieAfter) ? await die() : result
  }
  return {
    store: new Proxy(disk, {
      get: (target, name) => (name === 'commit' ? commit : bound(target, name)),
    }),
    kill: () => void die(),
  }
}

function bound(target: Store, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name)
  return typeof member === 'function' ? member.bind(target) : member
}
