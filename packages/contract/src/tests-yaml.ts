import { z } from 'zod'
import { formatDuration } from './duration.ts'
import { templateFault, withSampleNames } from './name-template.ts'
import type { FilePath, Problem } from './problem.ts'
import type { CheckPlan, CommandTestPlan, LoadPlan, TestPlan, TestSuite } from './test-plan.ts'
import { commandFields, commandPlan, strayCommandField } from './tests-yaml-command.ts'
import { Load } from './tests-yaml-load.ts'
import { requestFields, requestFieldsFault, requestPlan, TestName } from './tests-yaml-request.ts'
import {
  BoundedJson,
  durationMs,
  fault,
  Headers,
  MAX_TEXT_CHARACTERS,
  StatusPatterns,
} from './tests-yaml-values.ts'
import { parseYaml } from './yaml-file.ts'

/**
 * `tiphys/tests.yaml`: the built-in HTTP checks, load tests and commands of a service. The file of the service counts before the stage's
 * and the project's. Our own file, so an unknown key is an error. docs/tests.md
 */
export const TESTS_YAML_URI = 'tiphys/tests.yaml'

const SECOND_MS = 1_000
const MIN_TIMEOUT_MS = 10
const MAX_TIMEOUT_MS = 300_000
const MAX_WITHIN_MS = 3_600_000
const MIN_EVERY_MS = 50
const MAX_EVERY_MS = 60_000
const MAX_TESTS = 20
/** Tests and named requests have figures of their own, about 1 KB each, which travel in the data of every later event. */
const MAX_FIGURE_SETS = 40
const MAX_CHECKS = 100
const MAX_TEXTS = 50

const DEFAULT_CHECK_TIMEOUT_MS = 10 * SECOND_MS
const DEFAULT_EVERY_MS = SECOND_MS
/** A redirect is not followed, so it is not what a user sees: only 2xx is an answer unless the file says otherwise. */
const DEFAULT_STATUS: readonly string[] = ['2xx']

/** Where requests go; `{{project}}`, `{{stage}}` and `{{service}}` are replaced. */
const Target = z
  .string()
  .max(MAX_TEXT_CHARACTERS)
  .superRefine((text, context) => {
    const message = templateFault(text)
    if (message !== undefined) return fault(context, message)
    if (!/^https?:\/\/[^/\s@?#\\]+(\/[^\s?#\\]*)?$/.test(withSampleNames(text))) {
      fault(context, 'expected an address like https://shop.example.com or http://carts:8080/api')
    }
  })

const Expect = z.strictObject({
  status: StatusPatterns.optional(),
  maxDuration: durationMs(1, MAX_TIMEOUT_MS).optional(),
  bodyContains: z
    .union([z.string().min(1), z.array(z.string().min(1)).max(MAX_TEXTS)], {
      error: 'expected a text or a list of texts',
    })
    .optional(),
  json: BoundedJson.optional(),
  headers: Headers.optional(),
})

const Check = z
  .strictObject({
    name: z.string().min(1).max(MAX_TEXT_CHARACTERS).optional(),
    ...requestFields,
    timeout: durationMs(MIN_TIMEOUT_MS, MAX_TIMEOUT_MS).default(DEFAULT_CHECK_TIMEOUT_MS),
    within: durationMs(0, MAX_WITHIN_MS).default(0),
    every: durationMs(MIN_EVERY_MS, MAX_EVERY_MS).default(DEFAULT_EVERY_MS),
    expect: Expect.optional(),
  })
  .superRefine((check, context) => requestFieldsFault(check, context))

const Test = z
  .strictObject({
    name: TestName,
    target: Target.optional(),
    checks: z.array(Check).min(1).max(MAX_CHECKS).optional(),
    load: Load.optional(),
    ...commandFields,
  })
  .superRefine((test, context) => {
    const kinds = [test.checks, test.load, test.command].filter((kind) => kind !== undefined)
    if (kinds.length !== 1) fault(context, 'a test has either checks, load or command')
    const stray = strayCommandField(test)
    if (stray === undefined) return
    context.addIssue({ code: 'custom', message: 'belongs to a test with a command', path: [stray] })
  })

export const TestsYaml = z.strictObject({
  apiVersion: z.literal('tiphys.dev/v1').optional(),
  target: Target.optional(),
  tests: z
    .array(Test)
    .min(1)
    .max(MAX_TESTS)
    .superRefine((tests, context) => {
      for (const [index, { name }] of tests.entries()) {
        const first = tests.findIndex((other) => other.name === name)
        if (first === index) continue
        const message = `the name ${name} is taken by tests.${first}`
        context.addIssue({ code: 'custom', message, path: [index, 'name'] })
      }
      const requests = tests.flatMap((test) => test.load?.requests ?? [])
      const sets = tests.length + requests.filter((one) => one.name !== undefined).length
      if (sets > MAX_FIGURE_SETS) {
        fault(
          context,
          `has ${sets} tests and named requests; at most ${MAX_FIGURE_SETS} have figures`,
        )
      }
    }),
})
export type TestsYaml = z.infer<typeof TestsYaml>

export type ParsedTests =
  | { readonly ok: true; readonly suite: TestSuite; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Reads the file, or says at file:line:column what is wrong with it. Warnings name what will not mean what it looks like. */
export function parseTestsYaml(text: string, file: string): ParsedTests {
  const parsed = parseYaml(TestsYaml, text, file, { unknownKeys: 'error' })
  if (!parsed.ok) return parsed
  const suite = suiteOf(parsed.value)
  const warnings = suite.tests.flatMap((test, index) =>
    doubts(test).map(({ path, message }): Problem => {
      const place = parsed.at(['tests', index, ...path])
      return { severity: 'warning', file, ...place, message }
    }),
  )
  return { ok: true, suite, warnings }
}

/** All that is wrong or doubtful in the file. */
export function lintTestsYaml(text: string, file: string): readonly Problem[] {
  const parsed = parseTestsYaml(text, file)
  return parsed.ok ? parsed.warnings : parsed.problems
}

function suiteOf(file: TestsYaml): TestSuite {
  const tests = file.tests.map((test): TestPlan => {
    const target = test.target ?? file.target
    const common = { name: test.name, ...(target === undefined ? {} : { target }) }
    if (test.command !== undefined) {
      return { ...common, kind: 'command', command: commandPlan(test) }
    }
    if (test.load !== undefined) return { ...common, kind: 'load', load: loadPlan(test.load) }
    return { ...common, kind: 'checks', checks: (test.checks ?? []).map(checkPlan) }
  })
  return { tests }
}

function checkPlan(check: z.infer<typeof Check>): CheckPlan {
  const { maxDuration, bodyContains = [], json, headers = {}, status } = check.expect ?? {}
  return {
    name: check.name ?? `${check.request.method} ${check.request.path}`,
    request: requestPlan(check),
    timeoutMs: check.timeout,
    withinMs: check.within,
    everyMs: check.every,
    expect: {
      status: status ?? DEFAULT_STATUS,
      bodyContains: typeof bodyContains === 'string' ? [bodyContains] : bodyContains,
      headers,
      ...(maxDuration === undefined ? {} : { maxDurationMs: maxDuration }),
      ...(json === undefined ? {} : { json }),
    },
  }
}

function loadPlan(load: Load): LoadPlan {
  const common = {
    rampMs: load.ramp,
    warmupMs: load.warmup,
    durationMs: load.duration,
    timeoutMs: load.timeout,
    thresholds: load.thresholds,
    requests: load.requests.map((request) => ({
      ...(request.name === undefined ? {} : { name: request.name }),
      request: requestPlan(request),
      weight: request.weight,
      status: request.expect?.status ?? DEFAULT_STATUS,
    })),
  }
  if (load.rate !== undefined) {
    const { rate: ratePerS, arrivals = 'constant', maxConcurrent } = load
    const limit = maxConcurrent === undefined ? {} : { maxConcurrent }
    return { ...common, model: 'open', ratePerS, arrivals, ...limit }
  }
  return {
    ...common,
    model: 'closed',
    users: load.users ?? 1,
    thinkTimeMs: load.thinkTime ?? 0,
    ...(load.maxRate === undefined ? {} : { maxRatePerS: load.maxRate }),
  }
}

type Doubt = { readonly path: FilePath; readonly message: string }

/** How many measured requests a percentile needs so that it is more than the slowest one of them. */
const REQUESTS_FOR_PERCENTILE: Readonly<Record<string, number>> = {
  response_time_p95: 20,
  response_time_p99: 100,
}

/** What a person would want to hear about a test that is valid. */
function doubts(test: TestPlan): Doubt[] {
  if (test.kind === 'checks') {
    return test.checks.flatMap((check, index): Doubt[] => {
      const limitMs = check.expect.maxDurationMs
      if (limitMs === undefined || limitMs <= check.timeoutMs) return []
      const message = `maxDuration ${formatDuration(limitMs)} is longer than the timeout ${formatDuration(check.timeoutMs)}, which ends the request first`
      return [{ path: ['checks', index, 'expect', 'maxDuration'], message }]
    })
  }
  if (test.kind === 'command') return commandDoubts(test)
  const { load } = test
  if (load.model === 'closed') return []
  const expected = Math.floor((load.ratePerS * load.durationMs) / SECOND_MS)
  return load.thresholds.flatMap(({ figure }): Doubt[] => {
    if (expected >= (REQUESTS_FOR_PERCENTILE[figure] ?? 0)) return []
    const message = `${figure} of about ${expected} requests is only the slowest of them; measure longer or at a higher rate`
    return [{ path: ['load', 'thresholds', figure], message }]
  })
}

/** Thresholds hold figures of result files; without files they can only fail. */
function commandDoubts({ command }: CommandTestPlan): Doubt[] {
  if (command.thresholds.length === 0 || command.results.length > 0) return []
  const message = 'nothing is measured without `results`, so these thresholds always fail'
  return [{ path: ['thresholds'], message }]
}
