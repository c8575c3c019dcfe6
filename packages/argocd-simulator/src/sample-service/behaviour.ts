/**
 * How a version of the sample service behaves follows from its image tag: `<version>[-<trait>[<number>]]…`.
 *
 * | trait        | example          | what it really does                                                |
 * |--------------|------------------|--------------------------------------------------------------------|
 * | (none)       | `1.0.0`          | answers in about 5 ms                                              |
 * | `slow`       | `1.1.0-slow`     | about 350 ms per request; `-slow700` means 700 ms                  |
 * | `errors`     | `1.1.0-errors`   | 20 of 100 requests answer 500; `-errors50` means 50 of 100         |
 * | `lazy`       | `1.1.0-lazy`     | ready 2 s after its start; `-lazy5` means 5 s                      |
 * | `stuck`      | `1.1.0-stuck`    | starts and never becomes ready                                     |
 * | `crash`      | `1.1.0-crash`    | exits with code 1 at its start                                     |
 * | `degraded`   | `1.1.0-degraded` | becomes unready 3 s after it was ready; `-degraded10` means 10 s   |
 * | `dies`       | `1.1.0-dies`     | exits with code 1 3 s after it was ready; `-dies10` means 10 s     |
 *
 * The image of a hook Job runs as a job: it works once and ends with exit code 0, with 1 if its version crashes
 * or would answer an error to its first request, and never if it is stuck.
 *
 * Traits combine (`2.0.0-slow-errors`). Other words in a tag (`1.0.0-rc1`) change nothing. There is no
 * chance in it: request n of a version always waits and answers the same way.
 */
export type Behaviour = {
  readonly version: string
  readonly latencyMs: number
  /** Of 100 requests, how many answer 500. */
  readonly errorPercent: number
  readonly readyAfterMs: number
  readonly isNeverReady: boolean
  readonly crashesAtStart: boolean
  /** After being ready for this long it stops being ready. */
  readonly unreadyAfterMs?: number
  /** After being ready for this long the process exits. */
  readonly exitsAfterMs?: number
}

const FAST_MS = 5
const SLOW_MS = 350
const ERROR_PERCENT = 20
const LAZY_SECONDS = 2
const DECAY_SECONDS = 3
const MS_PER_SECOND = 1000
const ALL_PERCENT = 100

/** Understands every tag; an unknown word is part of the version's name. */
export function behaviourOf(version: string): Behaviour {
  const traits = new Map<string, number | undefined>()
  for (const [, word = '', amount] of version.matchAll(/-([a-z]+)(\d+)?(?=-|$)/g)) {
    traits.set(word, amount === undefined ? undefined : Number(amount))
  }
  const seconds = (trait: string, fallback: number) =>
    (traits.get(trait) ?? fallback) * MS_PER_SECOND
  return {
    version,
    latencyMs: traits.has('slow') ? (traits.get('slow') ?? SLOW_MS) : FAST_MS,
    errorPercent: traits.has('errors')
      ? Math.min(traits.get('errors') ?? ERROR_PERCENT, ALL_PERCENT)
      : 0,
    readyAfterMs: traits.has('lazy') ? seconds('lazy', LAZY_SECONDS) : 0,
    isNeverReady: traits.has('stuck'),
    crashesAtStart: traits.has('crash'),
    ...(traits.has('degraded') ? { unreadyAfterMs: seconds('degraded', DECAY_SECONDS) } : {}),
    ...(traits.has('dies') ? { exitsAfterMs: seconds('dies', DECAY_SECONDS) } : {}),
  }
}

/** Spread of the latency over ten requests, so that percentiles differ: 80 % to 130 % of the nominal value. */
const LATENCY_SPREAD = [1, 0.9, 1.05, 0.8, 1.1, 0.95, 1, 1.2, 0.85, 1.3]

/** Steps through all residues of 100, so that errors are spread and not in one block. */
const ERROR_STRIDE = 37

/** What request number `index` (from 0) gets: always the same for the same version. */
export function responseTo(
  behaviour: Behaviour,
  index: number,
): { status: 200 | 500; latencyMs: number } {
  const spread = LATENCY_SPREAD[index % LATENCY_SPREAD.length] ?? 1
  const isError = (index * ERROR_STRIDE) % ALL_PERCENT >= ALL_PERCENT - behaviour.errorPercent
  return { status: isError ? 500 : 200, latencyMs: behaviour.latencyMs * spread }
}
