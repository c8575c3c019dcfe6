import type { DeploymentOutcome, Need } from './outcome.ts'

/** What one look leaves for the next; losing it (a restart) only makes the judge wait a settle time or a grace again. */
export type JudgeMemory = {
  /** The operation of somebody else (auto-sync, a person) that this deployment took for its own: its startedAt. */
  readonly adopted?: string
  readonly healthySinceMs?: number
  readonly degradedSinceMs?: number
  readonly unknownSinceMs?: number
}

export type Judgement = { readonly outcome: DeploymentOutcome; readonly memory: JudgeMemory }

export const NO_MEMORY: JudgeMemory = {}

/** Between two looks while Argo CD works; wake-ups shorten it. */
export const LOOK_AGAIN_MS = 1_000

export function waiting(
  need: Need,
  message: string,
  lookAgainMs = LOOK_AGAIN_MS,
): DeploymentOutcome {
  return { code: 'waiting', need, message, lookAgainMs }
}

/** Health is measured anew; what was adopted stays. */
export function withoutHealth(memory: JudgeMemory): JudgeMemory {
  return memory.adopted === undefined ? NO_MEMORY : { adopted: memory.adopted }
}
