import { formatDuration } from '@tiphys/contract/duration.ts'
import { missingOf, type OpenJoin } from '../trigger/join.ts'
import { deadlineOf, STANDSTILL_MS } from './deadlines.ts'
import { type FreezeLookup, freezeFor } from './decide-run.ts'
import { APPROVAL } from './plan.ts'
import { openQuestions, questionDeadline } from './questions.ts'
import type { NextTask, OpenRun, OpenTask, Question } from './run-state.ts'

/** One unmet condition of a run (A10): what it waits for, since when, who could resolve it, when it gives up. */
export type WaitingReason = {
  /** Left out of a join: its run has not begun. */
  readonly runId?: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly code:
    | 'delay'
    | 'soak'
    | 'retry'
    | 'freeze'
    | 'join'
    | 'lane'
    | 'paused'
    | 'answer'
    | 'finish'
    | 'approval'
    | 'nobody'
    | 'blocked'
    | 'configuration'
  /** One sentence for people. */
  readonly message: string
  readonly sinceMs: number
  /** Who or what ends it. */
  readonly resolvedBy: string
  /** When the waiting ends by itself; absent = never. */
  readonly untilMs?: number
}

/** Who is before a run in its lane: the holder, or the ones that wait in front. */
export type LanePlace = { readonly holder?: OpenRun; readonly ahead: number }

/** Who is subscribed to the `.triggered` event of a task of a run, whether or not it is still there. */
export type SubscribersOf = (run: OpenRun, task: string) => readonly Subscriber[]
export type Subscriber = { readonly name: string; readonly lastSeenMs: number }

/** What a run cannot know of itself. */
export type WhySurroundings = {
  readonly place: LanePlace
  readonly nowMs: number
  readonly subscribersOf?: SubscribersOf
  readonly freezeOf?: FreezeLookup | undefined
}

/**
 * Why a run does not go on, as one function over its state: each unmet condition in a sentence. Empty only for a run that is
 * about to go on in this very moment.
 */
export function whyWaiting(
  run: OpenRun,
  { place, nowMs, subscribersOf = () => [], freezeOf = () => undefined }: WhySurroundings,
): WaitingReason[] {
  const { stage, service, sequence } = run.plan
  const common = { runId: run.runId, stage, service, sequence }
  const reasons: WaitingReason[] = run.open.flatMap((task) => {
    const asked = openQuestions(task).map((one) => ofQuestion(run, task, one, subscribersOf, nowMs))
    const found = asked.length > 0 ? asked : [ofTask(run, task, subscribersOf, nowMs)]
    return found.map((reason) => ({ ...common, ...reason }))
  })
  if (run.paused !== undefined) {
    reasons.push({
      ...common,
      code: 'paused',
      message: `paused by ${run.paused.by}`,
      sinceMs: run.paused.sinceMs,
      resolvedBy: `tiphys resume sequence --keptn-context ${run.context} --project ${run.plan.project}`,
      untilMs: run.paused.sinceMs + STANDSTILL_MS,
    })
  }
  for (const next of run.next) {
    const reason =
      ofDelay(run, next, nowMs) ?? ofFreeze(run, next, freezeOf) ?? ofLane(run, next, place)
    if (reason !== undefined) reasons.push({ ...common, ...reason })
  }
  return reasons
}

type Reason = Omit<WaitingReason, 'runId' | 'stage' | 'service' | 'sequence'>

function nameOf(run: OpenRun, next: NextTask): string {
  return run.plan.tasks[next.index]?.name ?? 'the next task'
}

function ofDelay(run: OpenRun, next: NextTask, nowMs: number): Reason | undefined {
  if (next.dueMs <= nowMs) return undefined
  const name = nameOf(run, next)
  const { soak } = run
  if (soak !== undefined && nowMs < soak.untilMs) {
    const { stage, service } = run.plan
    const where = soak.stages.map((one) => `${one}/${service}`).join(' and ')
    return {
      code: 'soak',
      message: `what is to go to ${stage} soaks in ${where} for another ${formatDuration(soak.untilMs - nowMs)}`,
      sinceMs: run.triggeredMs,
      resolvedBy: `time; a newer deployment in ${where} ends this run`,
      untilMs: next.dueMs,
    }
  }
  const remaining = formatDuration(next.dueMs - nowMs)
  const common = {
    sinceMs: run.done.at(-1)?.endedMs ?? run.triggeredMs,
    resolvedBy: 'time',
    untilMs: next.dueMs,
  }
  if (next.attempt === 1) {
    return { ...common, code: 'delay', message: `${name} is due in ${remaining} (triggeredAfter)` }
  }
  const last = run.done.findLast((task) => task.index === next.index)
  const ended = last === undefined ? '' : ` after ${last.expired ? 'no answer' : last.status}`
  return {
    ...common,
    code: 'retry',
    message: `${name} is tried again in ${remaining}: attempt ${next.attempt}${ended}${last?.message ? ` (${last.message})` : ''}`,
  }
}

function ofFreeze(run: OpenRun, next: NextTask, freezeOf: FreezeLookup): Reason | undefined {
  const freeze = freezeFor(run, next, freezeOf)
  if (freeze === undefined) return undefined
  const { project, stage } = run.plan
  const reason = freeze.reason === undefined ? '' : ` (${freeze.reason})`
  return {
    code: 'freeze',
    message: `${nameOf(run, next)} waits for the end of the freeze ${freeze.name}${reason}`,
    sinceMs: Math.max(next.dueMs, run.triggeredMs),
    resolvedBy: `the end of the freeze, or tiphys override freeze ${run.context} --project ${project} --stage ${stage} --reason …`,
    untilMs: freeze.untilMs,
  }
}

function ofLane(run: OpenRun, next: NextTask, place: LanePlace): Reason | undefined {
  const { holder } = place
  if (holder === undefined && place.ahead === 0) return undefined
  const before = place.ahead === 0 ? '' : `, ${place.ahead} more before it`
  const held =
    holder === undefined
      ? 'runs that came before it'
      : `${holder.plan.sequence} (context ${holder.context})${doing(holder)}`
  return {
    code: 'lane',
    message: `waits for its turn in ${run.plan.stage}/${run.plan.service}: held by ${held}${before}`,
    sinceMs: Math.max(next.dueMs, run.triggeredMs),
    resolvedBy: holder === undefined ? 'the runs before it' : `the end of run ${holder.runId}`,
  }
}

function doing(run: OpenRun): string {
  const names = run.open.map((task) => task.name)
  return names.length === 0 ? '' : `, which is at ${names.join(', ')}`
}

/** A sequence that waits for other ends of its context (A11). */
export function whyJoinWaits(join: OpenJoin): WaitingReason {
  const { stage, service, sequence, context, project } = join.scope
  const missing = missingOf(join).map((event) => {
    const arrived = join.arrived[event]
    return arrived === undefined ? event : `${event} (it ended ${arrived.result})`
  })
  const came = join.events.filter((event) => join.arrived[event]?.fulfilled)
  const known = came.length === 0 ? '' : `; ${came.join(', ')} came`
  return {
    stage,
    service,
    sequence,
    code: 'join',
    message: `${sequence} in ${stage} waits for ${missing.join(' and ')}${known}`,
    sinceMs: join.sinceMs,
    resolvedBy: `a run of the missing sequences in context ${context} of ${project}`,
    untilMs: join.deadlineMs,
  }
}

function ofTask(run: OpenRun, task: OpenTask, subscribersOf: SubscribersOf, nowMs: number): Reason {
  const deadline = deadlineOf(task)
  // During a pause the task's clock stands still; the pause has its own end.
  const isRunning = run.paused === undefined && Number.isFinite(deadline)
  const until = isRunning ? { untilMs: deadline } : {}
  const common = { sinceMs: task.dueMs, ...until }
  if (task.blockedSinceMs !== undefined) {
    return {
      code: 'blocked',
      message: `${task.name}: ${task.progress?.message ?? 'blocked'}`,
      sinceMs: task.blockedSinceMs,
      resolvedBy: 'the sync window, or whoever may sync in it',
      untilMs: task.blockedSinceMs + STANDSTILL_MS,
    }
  }
  if (task.name === APPROVAL) {
    return {
      ...common,
      code: 'approval',
      message: 'waits for an approval',
      resolvedBy: `tiphys approve ${run.context} --project ${run.plan.project} --stage ${run.plan.stage}`,
    }
  }
  if (!task.answered) {
    return {
      ...common,
      ...unanswered(run, task, subscribersOf, nowMs),
      resolvedBy: `an event ${task.name}.started or ${task.name}.finished with triggeredid ${task.event.id}`,
    }
  }
  const who = task.started.slice(task.finished.length).map((one) => one.source)
  const progress = task.progress?.message ? `: ${task.progress.message}` : ''
  return {
    ...common,
    code: 'finish',
    message: `${task.name} is under way${progress}`,
    resolvedBy: who.length > 0 ? who.join(', ') : `${task.name}.finished`,
  }
}

/** The task waits for an answer of somebody outside. */
function ofQuestion(
  run: OpenRun,
  task: OpenTask,
  question: Question,
  subscribersOf: SubscribersOf,
  nowMs: number,
): Reason {
  const { name, who, event, answered, started, finished, progress } = question
  const deadline = questionDeadline(task, question)
  const isRunning = run.paused === undefined
  const common = { sinceMs: question.askedMs, ...(isRunning ? { untilMs: deadline } : {}) }
  const waiting = `${task.name} is waiting for ${who} to answer ${name}`
  if (answered) {
    const open = started.slice(finished.length).map((one) => one.source)
    const said = progress ? `: ${progress}` : ''
    const resolvedBy = open.length > 0 ? open.join(', ') : `${name}.finished`
    return { ...common, code: 'finish', message: `${waiting}, which has begun${said}`, resolvedBy }
  }
  const subscribers = subscribersOf(run, name)
  const resolvedBy = `an event ${name}.started or ${name}.finished with triggeredid ${event.id}`
  if (subscribers.length === 0) {
    const message = `${waiting}; whoever was subscribed to ${name}.triggered is no longer registered`
    return { ...common, code: 'nobody', message, resolvedBy }
  }
  const message = `${waiting}; subscribed: ${listed(subscribers, nowMs)}`
  return { ...common, code: 'answer', message, resolvedBy }
}

/** Who could have answered and did not: the difference between a service that is down and one that nobody ever set up. */
function unanswered(
  run: OpenRun,
  task: OpenTask,
  subscribersOf: SubscribersOf,
  nowMs: number,
): Pick<Reason, 'code' | 'message'> {
  const planned = run.plan.tasks[task.index]
  const silence = `${task.name} was triggered and nobody has answered yet`
  if (planned?.carrier === 'tiphys') return { code: 'answer', message: silence }
  const subscribers = subscribersOf(run, task.name)
  if (subscribers.length > 0) {
    return { code: 'answer', message: `${silence}; subscribed: ${listed(subscribers, nowMs)}` }
  }
  if (planned?.carrier === 'nobody') {
    return { code: 'nobody', message: `nobody is configured or subscribed for ${task.name}` }
  }
  if (planned?.properties['executor'] === 'external') return { code: 'answer', message: silence }
  return {
    code: 'nobody',
    message: `${silence}; whoever was subscribed to it is no longer registered`,
  }
}

/** Who is subscribed, and when each was last seen. */
export function listed(subscribers: readonly Subscriber[], nowMs: number): string {
  return subscribers
    .map(({ name, lastSeenMs }) => `${name}, last seen ${ago(nowMs - lastSeenMs)}`)
    .join('; ')
}

const MS_PER_SECOND = 1000

function ago(durationMs: number): string {
  const wholeMs = Math.floor(durationMs / MS_PER_SECOND) * MS_PER_SECOND
  return wholeMs <= 0 ? 'just now' : `${formatDuration(wholeMs)} ago`
}
