import type { ProjectionRunner } from './projections.ts'

/** What a thread that folds is started with. */
export type ThreadData = {
  readonly databaseFile: string
  readonly projectionsFile: string
  /** A module that exports `PROJECTIONS`: functions cannot be handed to a thread. */
  readonly projectionsModule: string
}

/** Everything of a runner is asked by message, one answer to each. */
export type ThreadMethod = keyof ProjectionRunner

export type ThreadQuestion = {
  readonly id: number
  readonly method: ThreadMethod
  readonly values: readonly unknown[]
}

export type ThreadAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ThreadFailure }

/** Classes do not survive the way between threads; the name says which it was. */
export type ThreadFailure = {
  readonly name: string
  readonly message: string
  readonly stack: string
  readonly cause?: ThreadFailure
}

export function failureOf(thrown: unknown): ThreadFailure {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), stack: '' }
  const { name, message, stack = '', cause } = thrown
  return { name, message, stack, ...(cause === undefined ? {} : { cause: failureOf(cause) }) }
}
