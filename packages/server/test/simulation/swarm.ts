import type { SeededRandom } from './seeded-random.ts'

/**
 * What can go wrong in a story. Each seed turns some of them on and leaves the others off: a fault that is rare beside all the others is
 * frequent in a story of its own, and combinations occur that no even mixture would bring.
 */
export const FAULTS = [
  'crash-before-commit',
  'crash-after-commit',
  /** SIGKILL between two writes. */
  'kill',
  /** The process stays away for minutes. */
  'downtime',
  /** The disk answers with an error, and has written the commit or has not. */
  'unknown-outcome',
  'disk-full',
  'read-error',
  /** Commits take several turns of the event loop: more is under way at once. */
  'slow-disk',
  'clock-forward',
  'clock-back',
  'message-late',
  'message-repeated',
  'message-lost',
  /** Integrations that answer nothing, half, twice, or in the wrong order. */
  'bad-integration',
  'several-handlers',
  /** Built-in executors that throw, hang, or are blocked. */
  'bad-executor',
  'steering',
  'same-id-again',
  'changing-files',
  'services-deleted',
  'project-deleted',
  'effect-fails',
  /** An old process goes on beside the new one for a while: version checks alone hold the log together. */
  'two-owners',
] as const

export type Fault = (typeof FAULTS)[number]

export type Swarm = {
  readonly faults: ReadonlySet<Fault>
  readonly store: 'memory' | 'sqlite'
  /** Nobody ever subscribed: tasks are open to anyone who answers. */
  readonly isSubscribed: boolean
  readonly queue: 'supersede' | 'hold' | 'overtake' | undefined
  readonly shipyard: number
}

/** A fault is on in half of the stories; one that hides what others show, in few. */
const USUAL = 0.5
const SELDOM: Partial<Record<Fault, number>> = {
  'project-deleted': 0.1,
  'two-owners': 0.08,
  'disk-full': 0.25,
  'read-error': 0.2,
  'clock-back': 0.3,
}
/** Stories on a real SQLite file take ten times as long. */
const ON_SQLITE = 0.03

export function drawSwarm(random: SeededRandom, without: readonly Fault[]): Swarm {
  const drawn = FAULTS.filter((fault) => random.chance(SELDOM[fault] ?? USUAL))
  const store = random.chance(ON_SQLITE) ? 'sqlite' : 'memory'
  // A file has one owner: its lock dies with the process that holds it.
  const isPossible = (fault: Fault) => !(fault === 'two-owners' && store === 'sqlite')
  return {
    faults: new Set(drawn.filter((fault) => isPossible(fault) && !without.includes(fault))),
    store,
    isSubscribed: random.chance(USUAL),
    queue: random.pick([undefined, 'supersede', 'hold', 'overtake']),
    shipyard: random.below(2 ** 16),
  }
}
