import { z } from 'zod'
import { Waiting } from './native-run.ts'
import { NumberPage } from './paging.ts'

/** States that clients of Keptn test for (facts/keptn-v1.md 1.4). */
export const SequenceStateWord = z.enum([
  'triggered',
  'started',
  'waiting',
  'waitingForApproval',
  'paused',
  'finished',
  'timedOut',
  'aborted',
])
export type SequenceStateWord = z.infer<typeof SequenceStateWord>

const LatestEvent = z.object({ type: z.string(), id: z.string(), time: z.string() })

export const SequenceStateStage = z.object({
  name: z.string(),
  image: z.string().optional(),
  /** `triggered` while it runs (or what it waits for), then the status of its end. */
  state: z.string(),
  latestEvaluation: z.object({ result: z.string(), score: z.number() }).optional(),
  latestEvent: LatestEvent.optional(),
  latestFailedEvent: LatestEvent.optional(),
})
export type SequenceStateStage = z.infer<typeof SequenceStateStage>

/** One keptn context: every stage it went through. */
export const SequenceState = z.object({
  /** Of the first sequence. */
  name: z.string(),
  service: z.string(),
  project: z.string(),
  time: z.string(),
  shkeptncontext: z.string(),
  state: SequenceStateWord,
  stages: z.array(SequenceStateStage),
  problemTitle: z.string().optional(),
  /** Ours: what its open runs wait for; left out when nothing is open. */
  waiting: z.array(Waiting).optional(),
})
export type SequenceState = z.infer<typeof SequenceState>

export const SequenceStatePage = NumberPage.extend({ states: z.array(SequenceState) })
export type SequenceStatePage = z.infer<typeof SequenceStatePage>

export const TaskEvent = z.object({
  eventType: z.string(),
  source: z.string(),
  result: z.string().optional(),
  status: z.string().optional(),
  time: z.string(),
})

export const SequenceExecution = z.object({
  _id: z.string(),
  schemaVersion: z.string(),
  sequence: z.object({ name: z.string(), tasks: z.array(z.object({ name: z.string() })) }),
  status: z.object({
    state: z.string(),
    stateBeforePause: z.string(),
    previousTasks: z.array(
      z.object({
        name: z.string(),
        triggeredID: z.string(),
        result: z.string(),
        status: z.string(),
      }),
    ),
    currentTask: z.object({
      name: z.string(),
      triggeredID: z.string(),
      events: z.array(TaskEvent),
    }),
  }),
  scope: z.object({
    project: z.string(),
    stage: z.string(),
    service: z.string(),
    keptnContext: z.string(),
    triggeredId: z.string(),
    gitcommitid: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  triggeredAt: z.string(),
})
export type SequenceExecution = z.infer<typeof SequenceExecution>

export const SequenceExecutionPage = NumberPage.extend({
  sequenceExecutions: z.array(SequenceExecution),
})

export const ControlBody = z.object({
  state: z.enum(['pause', 'resume', 'abort'], {
    error: 'must be one of pause, resume, abort',
  }),
  /** Only this stage's run; empty or left out: every run of the context. */
  stage: z.string().nullish(),
})
export type ControlBody = z.infer<typeof ControlBody>
