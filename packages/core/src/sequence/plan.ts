import { parseDuration } from '@tiphys/contract/duration.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { QueuePolicy } from '@tiphys/contract/project-yaml.ts'
import type {
  Shipyard,
  ShipyardSequence,
  ShipyardTask,
  TriggeredOn,
} from '@tiphys/contract/shipyard.ts'

/**
 * Everything a run decides with, fixed at its trigger from the shipyard at its pinned commit and written with its first event:
 * a later change of the shipyard changes no run under way.
 */
export type RunPlan = {
  readonly projectId: string
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly pin: Readonly<Record<string, string>>
  /** `gitcommitid` of the run's events. */
  readonly commitId: string
  readonly tasks: readonly PlannedTask[]
  /** The sequences that wait for the end of this one. */
  readonly downstream: readonly DownstreamRule[]
  readonly queue: QueuePolicy
  readonly timeoutMs?: number
}

export type PlannedTask = {
  readonly name: string
  readonly properties: JsonObject
  /** `triggeredAfter`. */
  readonly afterMs: number
  /** From due time to the answer, and from due time to the end (behaviour.md 3). */
  readonly finishMs: number
  readonly carrier: Carrier
  /** It starts together with the task before it. */
  readonly parallel?: true
  /** CEL; where it is false the task is left out (condition.ts). */
  readonly condition?: string
  readonly retry?: RetryRule
}

export type RetryRule = {
  /** Attempts after the first one. */
  readonly times: number
  readonly afterMs: number
  /** `errored`: it could not be carried out, or nobody answered in time. `fail`: it was, and failed. */
  readonly on: readonly ('errored' | 'fail')[]
}

/** Who carries out a task (behaviour.md 4). `nobody`: open to anyone who answers, and the waiting list says so. */
export type Carrier = 'tiphys' | 'external' | 'nobody'

export type DownstreamRule = {
  readonly stage: string
  readonly sequence: string
  /** Absent: fires on pass and warning. */
  readonly match?: Readonly<Record<string, string>>
  /** It waits for other ends of the context too. */
  readonly join?: JoinRule
  /** How long the first task waits after the end that triggers it. */
  readonly soakMs?: number
}

/** Several ends that start a sequence together; which of them a run is follows from its own stage and sequence. */
export type JoinRule = {
  /** Tells apart the entries of one sequence's `triggeredOn`. */
  readonly entry: number
  /** `<stage>.<sequence>.finished` of each, in the order of the file. */
  readonly events: readonly string[]
  readonly withinMs: number
}

export type PlanRequest = {
  readonly projectId: string
  readonly project: string
  readonly shipyard: Shipyard
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly pin: Readonly<Record<string, string>>
  readonly commitId: string
  readonly queue: QueuePolicy
  /** Who takes a task, and its deadline where the file names none. */
  readonly assign: (
    task: string,
    properties: JsonObject,
  ) => { readonly carrier: Carrier; readonly timeoutMs?: number }
}

export type PlanResult =
  | { readonly code: 'planned'; readonly plan: RunPlan }
  | {
      readonly code: 'stage-not-found' | 'sequence-not-found' | 'no-tasks'
      readonly message: string
    }

/** A task that was started and never finished ends after this long. */
export const NO_FINISH_MS = 24 * 60 * 60 * 1000
/** A task that nobody answers ends after this long. */
export const NO_ANSWER_MS = 10 * 60 * 1000
/** An approval that nobody decides. */
export const NO_APPROVAL_MS = 30 * 24 * 60 * 60 * 1000

/** A join whose other ends never come. */
export const NO_JOIN_MS = NO_APPROVAL_MS
/** Between attempts of a task where the file names no pause: an outage of seconds is over, and nobody waits long. */
export const DEFAULT_RETRY_AFTER_MS = 10 * 1000

export const APPROVAL = 'approval'
export const EVALUATION = 'evaluation'

export function planRun(request: PlanRequest): PlanResult {
  const { shipyard, stage, sequence } = request
  const found = shipyard.spec.stages.find((one) => one.name === stage)
  if (found === undefined) {
    return { code: 'stage-not-found', message: `stage ${stage} is not in the shipyard` }
  }
  const definition = found.sequences?.find((one) => one.name === sequence) ?? implicit(sequence)
  if (definition === undefined) {
    return {
      code: 'sequence-not-found',
      message: `sequence ${sequence} is not defined in stage ${stage}`,
    }
  }
  const tasks = (definition.tasks ?? []).map((task) => planTask(task, request))
  if (tasks.length === 0) {
    return { code: 'no-tasks', message: `sequence ${sequence} of stage ${stage} has no tasks` }
  }
  const timeoutMs = definition.timeout ? parseDuration(definition.timeout) : undefined
  const plan: RunPlan = {
    projectId: request.projectId,
    project: request.project,
    stage,
    service: request.service,
    sequence,
    pin: request.pin,
    commitId: request.commitId,
    tasks,
    downstream: downstreamOf(shipyard, stage, sequence),
    queue: request.queue,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  return { code: 'planned', plan }
}

/** Keptn's built-in sequence: an evaluation can be triggered in any stage. */
function implicit(sequence: string): ShipyardSequence | undefined {
  if (sequence !== EVALUATION) return undefined
  return { name: EVALUATION, tasks: [{ name: EVALUATION }] }
}

function planTask(task: ShipyardTask, request: PlanRequest): PlannedTask {
  // The shipyard is parsed YAML, hence JSON but for dates, which the YAML core schema does not make.
  const properties = (task.properties ?? {}) as JsonObject
  const { carrier, timeoutMs } = request.assign(task.name, properties)
  const named =
    typeof properties['timeout'] === 'string' ? parseDuration(properties['timeout']) : undefined
  const usual = task.name === APPROVAL ? NO_APPROVAL_MS : NO_FINISH_MS
  return {
    name: task.name,
    properties,
    // An unreadable wait counts as none, as in Keptn; lint names it.
    afterMs: task.triggeredAfter ? (parseDuration(task.triggeredAfter) ?? 0) : 0,
    finishMs: named ?? timeoutMs ?? usual,
    carrier,
    ...(task.parallel ? { parallel: true } : {}),
    ...(task.if ? { condition: task.if } : {}),
    ...retryOf(task),
  }
}

/** Whoever left an approval open for a month is not asked again. */
function retryOf({ name, retry }: ShipyardTask): { readonly retry?: RetryRule } {
  if (retry === null || retry === undefined || name === APPROVAL) return {}
  const { times, after, on } = retry
  const afterMs = after ? (parseDuration(after) ?? 0) : DEFAULT_RETRY_AFTER_MS
  return { retry: { times, afterMs, on: on ?? ['errored'] } }
}

function downstreamOf(shipyard: Shipyard, stage: string, sequence: string): DownstreamRule[] {
  const event = `${stage}.${sequence}.finished`
  return shipyard.spec.stages.flatMap((target) =>
    (target.sequences ?? []).flatMap((candidate) =>
      (candidate.triggeredOn ?? []).flatMap((trigger, entry) => {
        const branch = [trigger, ...(trigger.and ?? [])].find((one) => one.event === event)
        if (branch === undefined) return []
        return [ruleOf(target.name, candidate.name, trigger, branch.selector?.match, entry)]
      }),
    ),
  )
}

function ruleOf(
  stage: string,
  sequence: string,
  trigger: TriggeredOn,
  match: Readonly<Record<string, string>> | null | undefined,
  entry: number,
): DownstreamRule {
  const soakMs = trigger.soak ? parseDuration(trigger.soak) : undefined
  const withinMs = trigger.within ? parseDuration(trigger.within) : undefined
  const others = trigger.and ?? []
  return {
    stage,
    sequence,
    ...(match && Object.keys(match).length > 0 ? { match } : {}),
    ...(soakMs === undefined ? {} : { soakMs }),
    ...(others.length === 0
      ? {}
      : {
          join: {
            entry,
            events: [trigger.event, ...others.map((other) => other.event)],
            withinMs: withinMs ?? NO_JOIN_MS,
          },
        }),
  }
}
