import {
  CONTENT_TYPE,
  KEPTN_SPEC_VERSION,
  type KeptnEvent,
  SPEC_VERSION,
} from '@tiphys/contract/event.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { uuidOf } from '@tiphys/core/event-id.ts'
import type { Engine } from '../engine/engine.ts'
import { TIPHYS } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { TriggerEvent } from './foreign-event.ts'
import type { RunDoor } from './run-door.ts'

/** An operation may be notified again as long as Argo CD shows it; a quiet application shows its last one for months. */
const OPERATION_RETENTION_MS = 400 * 24 * 60 * 60 * 1_000

const PROBLEM_TYPE = 'sh.keptn.events.problem'

/** The engine as the Argo CD side needs it. */
export function createEngineDoor(parts: {
  readonly engine: Pick<Engine, 'submit' | 'tell'>
  readonly clock: Clock
}): RunDoor {
  const { engine, clock } = parts
  const complete = (event: TriggerEvent): KeptnEvent => ({
    contenttype: CONTENT_TYPE,
    shkeptnspecversion: KEPTN_SPEC_VERSION,
    ...event,
    specversion: SPEC_VERSION,
    time: formatTimestamp(clock.nowMs()),
  })
  const keyed = (key: string, value: string) => [
    { key, value, untilMs: clock.nowMs() + OPERATION_RETENTION_MS },
  ]
  return {
    async submitTriggered({ projectId, event, dedupeKey, origin }) {
      const answer = await engine.submit({
        event: complete(event),
        projectId,
        actor: TIPHYS,
        dedupeKeys: keyed(`${projectId}:${dedupeKey}`, event.shkeptncontext),
        ...(origin === undefined ? {} : { origin }),
      })
      return { code: answer.code, context: answer.context }
    },
    tellRun: ({ key, runId, outcome, message }) => engine.tell({ key, runId, outcome, message }),
    async reportProblem(news) {
      const { key, projectId, project, stage, service, application, message, runId } = news
      const id = uuidOf(`problem:${key}`)
      await engine.submit({
        event: complete({
          id,
          type: PROBLEM_TYPE,
          source: 'tiphys',
          shkeptncontext: uuidOf(`problem:${key}#context`),
          data: {
            project,
            stage,
            service,
            State: 'OPEN',
            ProblemID: id,
            ProblemTitle: `${application} is degraded after its deployment`,
            ProblemDetails: { message, application, runId },
            ImpactedEntity: application,
            message,
          },
        }),
        projectId,
        actor: TIPHYS,
        dedupeKeys: keyed(`${projectId}:problem:${key}`, id),
        inboxOnly: true,
      })
    },
  }
}
