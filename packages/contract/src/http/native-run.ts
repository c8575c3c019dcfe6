import { z } from 'zod'
import { NumberPage, TolerantPaging } from './paging.ts'

/**
 * What a run or a context came to, the worst on the way so far: `none` is no verdict (errored, aborted, timed out). In the order
 * pass, warning, none, fail.
 */
export const Verdict = z.enum(['pass', 'warning', 'none', 'fail'])
export type Verdict = z.infer<typeof Verdict>

/** One unmet condition of a run that is not over. */
export const Waiting = z.object({
  /** Left out of a join: the run it would start has not begun. */
  runId: z.string().optional(),
  stage: z.string(),
  service: z.string(),
  sequence: z.string(),
  /** `delay`, `soak`, `retry`, `freeze`, `join`, `lane`, `paused`, `answer`, `finish`, `approval`, `nobody`, `blocked`, `configuration`. */
  code: z.string(),
  /** One sentence. */
  message: z.string(),
  since: z.string(),
  /** Who or what ends it. */
  resolvedBy: z.string(),
  /** When it ends by itself; left out: never. */
  until: z.string().optional(),
})
export type Waiting = z.infer<typeof Waiting>

export const TaskAnswer = z.object({
  type: z.string(),
  eventId: z.string(),
  source: z.string(),
  /** The token or part of ours that sent it. */
  by: z.string(),
  at: z.string(),
  status: z.string().optional(),
  result: z.string().optional(),
  message: z.string().optional(),
})

export const RunTask = z.object({
  index: z.int(),
  name: z.string(),
  /**
   * `planned`: not triggered yet, or never because the run ended before; `skipped`: left out by its condition;
   * `carried`: done in the run that this one takes up.
   */
  state: z.enum(['planned', 'open', 'done', 'skipped', 'carried']),
  /** `tiphys`, `external`, `nobody` (open to whoever answers). */
  carrier: z.string(),
  /** From here on only what was triggered has it. */
  attempt: z.int().optional(),
  triggeredId: z.string().optional(),
  triggeredAt: z.string().optional(),
  /** Without any answer until then it is given up. */
  answerBy: z.string().optional(),
  finishBy: z.string().optional(),
  answers: z.array(TaskAnswer),
  progress: z.object({ message: z.string(), at: z.string() }).optional(),
  status: z.string().optional(),
  result: z.string().optional(),
  message: z.string().optional(),
  endedAt: z.string().optional(),
  /** Nobody answered or finished in time. */
  expired: z.boolean().optional(),
  evaluation: z.object({ result: z.string(), score: z.number() }).optional(),
})
export type RunTask = z.infer<typeof RunTask>

/** One execution of a sequence. */
export const Run = z.object({
  id: z.string(),
  context: z.string(),
  project: z.string(),
  stage: z.string(),
  service: z.string(),
  sequence: z.string(),
  /** Keptn's words, with `waiting` for a run whose lane is taken. */
  state: z.string(),
  open: z.boolean(),
  /** Left out until something was decided. */
  verdict: Verdict.optional(),
  /** What decided the verdict. */
  reason: z.string().optional(),
  triggeredAt: z.string(),
  endedAt: z.string().optional(),
  status: z.string().optional(),
  result: z.string().optional(),
  message: z.string().optional(),
  /** `completed`, `timed-out`, `aborted`, `superseded`, `approval-unanswered`, `not-started`. */
  cause: z.string().optional(),
  /** Token that triggered it, and that ended it before its time. */
  by: z.string(),
  endedBy: z.string().optional(),
  pausedBy: z.string().optional(),
  /** Its deployment went bad after it was done; the run fails for it. */
  degraded: z.object({ message: z.string(), at: z.string() }).optional(),
  /** `source` of the event that triggered it. */
  source: z.string(),
  parent: z.string().optional(),
  /** The run it takes up, and where. */
  rerun: z.object({ of: z.string(), fromTask: z.string() }).optional(),
  /** It waits until then for the version before to prove itself. */
  soakUntil: z.string().optional(),
  /** Who let it go on in a freeze. */
  freezeOverride: z.object({ by: z.string(), reason: z.string(), at: z.string() }).optional(),
  /** How it came about, when it was not an ordinary event: the Argo CD operation, say. */
  origin: z.record(z.string(), z.unknown()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  image: z.string().optional(),
  commitId: z.string(),
  tasks: z.array(RunTask),
  waiting: z.array(Waiting),
})
export type Run = z.infer<typeof Run>

export const RunQuery = TolerantPaging.extend({
  project: z.string().optional(),
  context: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  sequence: z.string().optional(),
  state: z.string().optional(),
})
export const RunPage = NumberPage.extend({ runs: z.array(Run) })
export type RunPage = z.infer<typeof RunPage>

/** Everything that happened under one keptn context. */
export const ContextTimeline = z.object({
  context: z.string(),
  project: z.string(),
  /** Sequence, stage and service of the first run. */
  sequence: z.string(),
  stage: z.string(),
  service: z.string(),
  /** Whether a run is not over yet. */
  open: z.boolean(),
  /** The worst on the way in any run so far. */
  verdict: Verdict.optional(),
  reason: z.string().optional(),
  /** Joins: sequences that wait for more ends of this context. */
  waiting: z.array(Waiting),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  /** In the order they began. */
  runs: z.array(Run),
})
export type ContextTimeline = z.infer<typeof ContextTimeline>

export const WhyWaiting = z.object({
  context: z.string(),
  project: z.string(),
  open: z.boolean(),
  waiting: z.array(Waiting),
})
export type WhyWaiting = z.infer<typeof WhyWaiting>

export const ControlContextBody = z.object({
  action: z.enum(['pause', 'resume', 'abort'], { error: 'must be one of pause, resume, abort' }),
  stage: z.string().optional(),
})
/** How many open runs it reached. */
export const ControlAnswer = z.object({ runs: z.int() })
