import { setImmediate } from 'node:timers/promises'
import {
  AddTestResultsBody,
  AddTestResultsQuery,
  TestResultsAdded,
} from '@tiphys/contract/http/native-test-results.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { formatProblem, type Problem } from '@tiphys/contract/problem.ts'
import { combineResults } from '@tiphys/core/load/combined-results.ts'
import { markMeasured } from '@tiphys/core/load/own-results.ts'
import { createResultsReader } from '@tiphys/providers/test-results/read-test-results.ts'
import { MAX_NAMED } from '@tiphys/providers/test-results/results-reader.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import { recordUpload } from '../../test-results/uploaded-results.ts'
import { checkProject } from '../access.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import { contextId } from '../context-id.ts'
import { idempotencyKeyOf } from '../idempotency-key.ts'
import { findProject, serviceNotFound, stageNotFound } from '../keptn-v1/project-lookup.ts'
import type { AddRoute, RouteRequest } from '../route.ts'
import { type OpenTaskFound, openTasks } from './open-tasks.ts'
import { notOpen, reportResult, type TaskAnswerParts } from './task-answer.ts'

type Parts = TaskAnswerParts & {
  readonly store: Pick<Store, 'commit'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** A JTL of a hundred thousand samples; larger ones are read where they are, by a command. */
const BODY_LIMIT_BYTES = 32 * 1024 * 1024
const TEST = 'test'

/** Result files of tests that ran elsewhere (docs/tests.md, "From elsewhere"). */
export function addTestResultsRoute(add: AddRoute, parts: Parts): void {
  add({
    method: 'POST',
    path: '/api/tiphys/v1/test-results',
    summary: 'Hands in result files: for an open test task, or for the evaluations of a context',
    query: AddTestResultsQuery,
    body: AddTestResultsBody,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    success: TestResultsAdded,
    handle: (request) => addResults(parts, request),
  })
}

type Request = RouteRequest<'/api/tiphys/v1/test-results', AddTestResultsQuery, AddTestResultsBody>

async function addResults(
  parts: Parts,
  { query, body, actor, raw }: Request,
): Promise<Answer<TestResultsAdded>> {
  const found = findProject(parts.projects, query.project)
  if (!found.ok) return found
  const forbidden = checkProject(actor, query.project)
  if (forbidden !== undefined) return forbidden
  const read = await readAll(body)
  if (!read.ok) {
    return refuse('invalid', read.problems.map(formatProblem).join('; '), read.problems)
  }
  const { results } = read
  const result = body.result ?? (Number(results['checks_failed'] ?? 0) > 0 ? 'fail' : 'pass')
  const task = chooseTask(parts, query, actor)
  if (!task.ok) return task
  if (task.found !== undefined) {
    const key = idempotencyKeyOf(raw)
    if (!key.ok) return key
    const data = taskData(task.found, parts.clock.nowMs(), results)
    const message = `${body.files.length} result file(s): ${countsOf(results)}`
    const triggeredId = task.found.event.id
    const report = { result, message, data }
    const answer = await reportResult(parts, triggeredId, report, actor, key.key)
    return answer.ok ? ok({ to: 'task', ...answer.body, result, results }) : answer
  }
  if (query.context === undefined) return nothingOpen(query)
  const { projectId, stages, services } = found.record
  // Nothing would ever look for them there.
  if (!stages.includes(query.stage)) return stageNotFound(query.stage)
  if (!services.some(({ name }) => name === query.service)) return serviceNotFound(query.service)
  const context = contextId(query.context)
  const { project, stage, service } = query
  const upload = { name: body.name, results, by: actor.name }
  const place = { projectId, project, stage, service, context }
  const id = await recordUpload(parts.store, place, upload, parts.clock.nowMs())
  return ok({ to: 'context', keptnContext: context, eventId: id, result, results })
}

type Read =
  | { readonly ok: true; readonly results: JsonObject }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** All of them or none: one that is wrong must not be missed in a verdict. */
async function readAll({ files }: AddTestResultsBody): Promise<Read> {
  const answers = await Promise.all(files.map(readInPieces))
  const problems = answers.flatMap((answer) => (answer.ok ? [] : [answer.problem]))
  if (problems.length > 0) return { ok: false, problems }
  // Read from JSON, or made of numbers and names.
  const all = answers.flatMap((answer) => (answer.ok ? [answer.results as JsonObject] : []))
  const parts = all.flatMap((one) => Object.entries(one['targets'] ?? {}))
  // They travel in the data of every later event, however many files there were.
  const targets = Object.fromEntries(parts.slice(0, MAX_NAMED)) as JsonObject
  const own = parts.length === 0 ? {} : { targets }
  return { ok: true, results: { ...combineResults(all), ...own } }
}

const PIECE_CHARACTERS = 500_000

/** So that others have their turn while a large file is read. */
async function readInPieces({ format, text, name }: AddTestResultsBody['files'][number]) {
  const reader = createResultsReader(format, name)
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
    if (!reader.write(text.slice(at, at + PIECE_CHARACTERS))) break
    await setImmediate()
  }
  return reader.end()
}

type Chosen =
  | { readonly ok: true; readonly found: OpenTaskFound | undefined }
  | Extract<Answer<never>, { ok: false }>

/** The open test task that is meant: by its id, or the only one of the place (and context) that is left to others. */
function chooseTask(parts: Parts, query: AddTestResultsQuery, actor: Actor): Chosen {
  const { project, stage, service, task, context } = query
  const wanted = task === undefined ? {} : { eventId: task }
  const type = `sh.keptn.event.${TEST}.triggered`
  const open = openTasks(parts, { ...wanted, type }, actor).filter(({ run, task: one }) => {
    const { plan } = run
    const isHere = plan.project === project && plan.stage === stage && plan.service === service
    const isLeftToOthers = plan.tasks[one.index]?.carrier !== 'tiphys'
    const isOfContext = context === undefined || run.context === contextId(context)
    return isHere && isLeftToOthers && isOfContext
  })
  if (task !== undefined && open.length === 0) return notOpen('test task', task)
  if (open.length <= 1) return { ok: true, found: open[0] }
  const ids = open.map(({ event, run }) => `${event.id} (context ${run.context})`).join(', ')
  return refuse(
    'conflict',
    `${open.length} test tasks are open for ${service} in ${stage}: ${ids}; name one with task or context`,
  )
}

function nothingOpen({ stage, service }: AddTestResultsQuery) {
  return refuse(
    'not-found',
    `no test task for ${service} in ${stage} waits for an answer; name a context to have the results used by its next evaluation there`,
  )
}

/** As our own test task reports: whose they are, and from when to when. */
function taskData({ run, task }: OpenTaskFound, nowMs: number, results: JsonObject): JsonObject {
  const start = new Date(Math.min(task.dueMs, nowMs)).toISOString()
  const end = new Date(nowMs).toISOString()
  const place = { run: run.runId, stage: run.plan.stage }
  return { test: { start, end, results: { ...place, ...marked(results, run.runId) } } }
}

function marked(results: JsonObject, run: string): JsonObject {
  const { targets, ...whole } = results
  const own = Object.entries((targets ?? {}) as Readonly<Record<string, JsonObject>>)
  const parts = own.map(([name, one]) => [name, markMeasured(one, run)])
  return { ...markMeasured(whole, run), targets: Object.fromEntries(parts) }
}

function countsOf(results: JsonObject): string {
  const { checks_passed: passed, checks_failed: failed, requests } = results
  const parts: string[] = []
  if (typeof passed === 'number' && typeof failed === 'number') {
    parts.push(`${passed} of ${passed + failed} checks passed`)
  }
  if (typeof requests === 'number') parts.push(`${requests} requests`)
  return parts.join(', ') || 'no checks and no requests'
}
