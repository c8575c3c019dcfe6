import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { ProjectYaml } from '@tiphys/contract/project-yaml.ts'
import { createGuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import type { ProjectSnapshot } from '../../src/engine/project-snapshot.ts'
import type { TaskAnswer, TaskJob } from '../../src/executors/executor.ts'
import {
  createTestExecutor,
  type TestExecutorOptions,
} from '../../src/executors/test/test-executor.ts'
import type { Clock } from '../../src/ports/clock.ts'

/** A `test` task of service carts in stage staging of project sockshop, with what it wrote while it ran. */
export type TestTask = {
  readonly job: TaskJob
  readonly abort: (reason: string) => void
  readonly notes: readonly { readonly type: string; readonly data: JsonObject }[]
  readonly progress: readonly string[]
}

export type TestTaskOptions = {
  /** `tiphys/tests.yaml` of the service; undefined: there is none. */
  readonly file?: string
  readonly properties?: JsonObject
  readonly data?: JsonObject
  readonly settings?: ProjectYaml
  readonly notes?: readonly JsonObject[]
  readonly timeoutMs?: number
}

const HOUR_MS = 3_600_000

export function testTask(options: TestTaskOptions): TestTask {
  const { file, properties = {}, data = {}, settings = {}, timeoutMs = HOUR_MS } = options
  const controller = new AbortController()
  const notes: { type: string; data: JsonObject }[] = []
  const progress: string[] = []
  const nowMs = Date.now()
  const job: TaskJob = {
    runId: 'run-1',
    context: 'context-1',
    projectId: 'p1',
    project: 'sockshop',
    stage: 'staging',
    service: 'carts',
    sequence: 'delivery',
    task: { name: 'test', index: 1, attempt: 1, triggeredId: 'triggered-1' },
    properties,
    data,
    snapshot: snapshotOf(file, settings),
    dueMs: nowMs,
    deadlineMs: nowMs + timeoutMs,
    signal: controller.signal,
    notes: () => options.notes ?? [],
    note: (type, note) => {
      notes.push({ type, data: note })
      return Promise.resolve()
    },
    ask: () => Promise.reject(new Error('nobody outside is asked here')),
    progress: (message) => {
      progress.push(message)
      return Promise.resolve()
    },
  }
  return { job, notes, progress, abort: (reason) => controller.abort(new Error(reason)) }
}

export function snapshotOf(file: string | undefined, settings: ProjectYaml = {}): ProjectSnapshot {
  const place = { level: 'service', stage: 'staging', service: 'carts' } as const
  const found = file === undefined ? undefined : { text: file, place }
  const isTests = (uri: string) => uri === 'tiphys/tests.yaml'
  return {
    projectId: 'p1',
    project: 'sockshop',
    pin: { main: 'c1' },
    commitId: 'c1',
    shipyard: { apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages: [{ name: 'staging' }] } },
    settings,
    stageSettings: () => ({}),
    find: (_stage, _service, uri) => (isTests(uri) ? found?.place : undefined),
    read: (_stage, _service, uri) => Promise.resolve(isTests(uri) ? found : undefined),
    peek: (_stage, _service, uri) => (isTests(uri) ? found : undefined),
    readAt: () => Promise.resolve(undefined),
    entries: found === undefined ? [] : [{ place, uri: 'tiphys/tests.yaml' }],
  }
}

export const realClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (durationMs, signal) => {
    await sleep(durationMs, undefined, signal === undefined ? {} : { signal })
  },
  at: (dueMs, callback) => {
    const timer = setTimeout(callback, dueMs - Date.now())
    return () => clearTimeout(timer)
  },
}

const silentLog = { debug() {}, info() {}, warn() {}, error() {} }

/** The executor with real parts; loopback may be tested, as in the demo. */
export function executorWith(options: Partial<TestExecutorOptions> = {}) {
  const http = createGuardedHttp({ allowLoopback: true })
  return createTestExecutor({
    guard: (url) => http.check(url, 'user'),
    clock: realClock,
    log: silentLog,
    trustedHosts: () => Promise.resolve([]),
    ...options,
  })
}

export type Finished = Extract<TaskAnswer, { code: 'finished' }>

export async function runTask(
  task: TestTask,
  options: Partial<TestExecutorOptions> = {},
): Promise<Finished> {
  const answer = await executorWith(options).execute(task.job)
  assert.equal(answer.code, 'finished')
  return answer as Finished
}

/** `data.test.results` of an answer; its figures are numbers. */
export function resultsOf(answer: Finished): Record<string, unknown> & {
  readonly targets: Record<string, Record<string, unknown>>
} {
  const test = answer.data?.['test'] as JsonObject | undefined
  assert.ok(test !== undefined, answer.message)
  return test['results'] as never
}

/** The evaluation window of an answer, whose form is Keptn's. */
export function windowOf(answer: Finished): { startMs: number; endMs: number } {
  const { start, end } = (answer.data?.['test'] ?? {}) as JsonObject
  for (const text of [start, end]) {
    assert.match(String(text), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  }
  return { startMs: Date.parse(String(start)), endMs: Date.parse(String(end)) }
}
