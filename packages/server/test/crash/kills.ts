import type { Simulator } from '@tiphys/argocd-simulator/simulator.ts'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import type { ServeProcess } from './serve-process.ts'

/** One SIGKILL: when so many syncs were accepted, and so long after that. */
export type Kill = {
  readonly afterSyncs: number
  readonly delayMs: number
  /**
   * The answer to that sync is lost on its way: the server dies without ever learning that it was accepted. Luck would bring this about
   * now and then; here it happens at least once.
   */
  readonly losesAnswer: boolean
  /** How long after the restart the next one may come, instead of after more syncs; while it starts, or just has. */
  readonly afterStartMs?: number
}

const LOOK_EVERY_MS = 5
/** Spread over the whole life of a deployment: commit, sync, judge, settle. */
const LONGEST_DELAY_MS = 1_500
/** From the first instruction to a server that has begun to work again. */
const LONGEST_START_MS = 1_500
/** A story that hangs ends with a message. */
const PATIENCE_MS = 60_000

/**
 * So many moments, drawn from a seed and spread over the story: it ends when `syncs` were accepted, so all of them come while
 * sequences run.
 */
export function drawKills(random: SeededRandom, kills: number, syncs: number): Kill[] {
  const between = Math.floor(syncs / (kills + 1))
  return Array.from({ length: kills }, (_, index) => ({
    afterSyncs: 1 + index * between + random.below(between),
    delayMs: index === 0 ? 0 : random.below(LONGEST_DELAY_MS),
    losesAnswer: index === 0,
    ...(index === Math.floor(kills / 2) ? { afterStartMs: random.below(LONGEST_START_MS) } : {}),
  }))
}

/** Kills and starts again, one after the other. Answers how many syncs had been accepted at each kill. */
export async function carryOut(
  kills: readonly Kill[],
  server: ServeProcess,
  simulator: Simulator,
): Promise<number[]> {
  const acceptedAtKill: number[] = []
  let starting: Promise<void> = Promise.resolve()
  for (const kill of kills) {
    if (kill.losesAnswer) {
      await untilAccepted(simulator, kill.afterSyncs - 1)
      simulator.setFault({ match: '^POST .*/sync$', loseAnswer: true, times: 1 })
    }
    if (kill.afterStartMs !== undefined) await pause(kill.afterStartMs)
    else {
      await starting
      await untilAccepted(simulator, kill.afterSyncs)
      await pause(kill.delayMs)
    }
    await server.kill()
    acceptedAtKill.push(acceptedSyncs(simulator))
    await starting
    starting = server.start()
    // It is awaited before or after the next kill; a start that fails until then is no unhandled rejection.
    starting.catch(() => undefined)
  }
  await starting
  return acceptedAtKill
}

async function untilAccepted(simulator: Simulator, syncs: number): Promise<void> {
  const untilMs = Date.now() + PATIENCE_MS
  while (acceptedSyncs(simulator) < syncs) {
    if (Date.now() > untilMs) throw new Error(`${acceptedSyncs(simulator)} syncs of ${syncs}`)
    await pause(LOOK_EVERY_MS)
  }
}

function acceptedSyncs(simulator: Simulator): number {
  const applications = Object.values(simulator.counts().applications)
  return applications.reduce((sum, one) => sum + one.syncsAccepted, 0)
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
