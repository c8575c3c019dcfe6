import type { Simulator } from '@tiphys/argocd-simulator/simulator.ts'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import type { ServeProcess } from './serve-process.ts'

/** One SIGKILL: when the story has come so far, and so long after that. */
export type Kill = {
  readonly afterSteps: number
  readonly delayMs: number
  /**
   * The answer to that sync is lost on its way: the server dies without ever learning that it was accepted. Luck would bring this about
   * now and then; here it happens at least once.
   */
  readonly losesAnswer: boolean
  /** How long after the restart the next one may come, instead of after more steps; while it starts, or just has. */
  readonly afterStartMs?: number
}

const LOOK_EVERY_MS = 5
/** Spread over the whole life of a deployment: commit, sync, judge, settle. */
const LONGEST_DELAY_MS = 500
/** From the first instruction to a server that has begun to work again. */
const LONGEST_START_MS = 1_000
/** Every so many kills one comes while the server starts, or just has. */
const SOON_AGAIN = 4
/** A story that hangs ends with a message. */
const PATIENCE_MS = 60_000

/** How far a story has come: steps that the world outside has seen, which no kill takes back. */
export type Progress = { readonly steps: () => number; readonly total: number }

/**
 * So many moments, drawn from a seed and spread over the story: it ends after `total` steps, so all of them come while sequences run,
 * on a fast machine as on a slow one.
 */
export function drawKills(random: SeededRandom, kills: number, total: number): Kill[] {
  const between = Math.floor(total / (kills + 1))
  return Array.from({ length: kills }, (_, index) => ({
    afterSteps: 1 + index * between + random.below(between),
    delayMs: index === 0 ? 0 : random.below(LONGEST_DELAY_MS),
    losesAnswer: index === 0,
    ...(index % SOON_AGAIN === SOON_AGAIN - 1
      ? { afterStartMs: random.below(LONGEST_START_MS) }
      : {}),
  }))
}

/** Kills and starts again, one after the other. Answers how far the story had come at each kill. */
export async function carryOut(
  kills: readonly Kill[],
  server: ServeProcess,
  simulator: Simulator,
  progress: Progress,
): Promise<number[]> {
  const stepsAtKill: number[] = []
  let starting: Promise<void> = Promise.resolve()
  for (const kill of kills) {
    if (kill.losesAnswer) {
      const before = acceptedSyncs(simulator)
      simulator.setFault({ match: '^POST .*/sync$', loseAnswer: true, times: 1 })
      await until(() => acceptedSyncs(simulator) > before, 'a sync is accepted')
    } else if (kill.afterStartMs !== undefined) await pause(kill.afterStartMs)
    else {
      await starting
      await until(() => progress.steps() >= kill.afterSteps, `${kill.afterSteps} steps`)
      await pause(kill.delayMs)
    }
    await server.kill()
    stepsAtKill.push(progress.steps())
    await starting
    starting = server.start()
    // It is awaited before or after the next kill; a start that fails until then is no unhandled rejection.
    starting.catch(() => undefined)
  }
  await starting
  return stepsAtKill
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const untilMs = Date.now() + PATIENCE_MS
  while (!isSo()) {
    if (Date.now() > untilMs) throw new Error(`waited in vain until ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}

export function acceptedSyncs(simulator: Simulator): number {
  const applications = Object.values(simulator.counts().applications)
  return applications.reduce((sum, one) => sum + one.syncsAccepted, 0)
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
