import type { Json } from './json.ts'
import type { ResultFormat } from './test-result-format.ts'
import type { Threshold } from './test-threshold.ts'
import type { Method } from './tests-yaml-values.ts'

/**
 * `tiphys/tests.yaml` as the test task carries it out: defaults filled in, every quantity a number with its unit in the name.
 * Made by `parseTestsYaml` only.
 */
export type TestSuite = {
  readonly tests: readonly TestPlan[]
}

export type TestPlan = ChecksPlan | LoadTestPlan | CommandTestPlan

export type ChecksPlan = {
  readonly kind: 'checks'
  readonly name: string
  /** Where its requests go; undefined = the deployment that the event names. */
  readonly target?: string
  readonly checks: readonly CheckPlan[]
}

export type LoadTestPlan = {
  readonly kind: 'load'
  readonly name: string
  readonly target?: string
  readonly load: LoadPlan
}

export type CommandTestPlan = {
  readonly kind: 'command'
  readonly name: string
  readonly target?: string
  readonly command: CommandPlan
}

/** A program that is run on the server, in a folder of its own that holds files of the project. */
export type CommandPlan = {
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly string[]
  /** Patterns (file-pattern.ts) of the project's resources that are put into the folder. */
  readonly files: readonly string[]
  /** Below the folder; '' = the folder itself. */
  readonly workingDirectory: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Files it writes, from the working directory on. */
  readonly results: readonly { readonly format: ResultFormat; readonly path: string }[]
  readonly artifacts: readonly string[]
  readonly thresholds: readonly Threshold[]
}

export type RequestPlan = {
  readonly method: Method
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type CheckPlan = {
  /** Its own name, or its request line. */
  readonly name: string
  readonly request: RequestPlan
  readonly timeoutMs: number
  /** How long it is tried again until it holds; 0 = once. */
  readonly withinMs: number
  readonly everyMs: number
  readonly expect: Expectation
}

export type Expectation = {
  readonly status: readonly string[]
  readonly maxDurationMs?: number
  readonly bodyContains: readonly string[]
  /** The answer holds at least this: objects by key, lists and scalars whole. */
  readonly json?: Json
  /** Lower-case name, and text that its value contains. */
  readonly headers: Readonly<Record<string, string>>
}

export type LoadPlan = (OpenModel | ClosedModel) & {
  /** From nothing to full load; not measured. */
  readonly rampMs: number
  /** At full load; not measured. */
  readonly warmupMs: number
  /** What is measured. */
  readonly durationMs: number
  readonly timeoutMs: number
  readonly requests: readonly LoadRequestPlan[]
  readonly thresholds: readonly Threshold[]
}

/** Requests leave at their time whether or not earlier ones were answered. */
export type OpenModel = {
  readonly model: 'open'
  readonly ratePerS: number
  readonly arrivals: 'constant' | 'poisson'
  /** Most requests in flight at a time; an arrival beyond is dropped and counted. Undefined = as many as rate and timeout can need. */
  readonly maxConcurrent?: number
}

/** Each user sends, waits for the answer, thinks, sends again. */
export type ClosedModel = {
  readonly model: 'closed'
  readonly users: number
  readonly thinkTimeMs: number
  /** All users together send no faster; undefined = what the server allows. */
  readonly maxRatePerS?: number
}

export type LoadRequestPlan = {
  /** Present where the file names it: its figures are then kept apart as `<test>/<name>`. */
  readonly name?: string
  readonly request: RequestPlan
  readonly weight: number
  readonly status: readonly string[]
}
