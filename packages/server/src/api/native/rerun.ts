import { randomUUID } from 'node:crypto'
import { OverrideFreezeBody, RerunAnswer, RerunBody } from '@tiphys/contract/http/native-control.ts'
import { ControlAnswer } from '@tiphys/contract/http/native-run.ts'
import { eventId } from '@tiphys/core/event-id.ts'
import { z } from 'zod'
import type { Engine, RerunAnswer as EngineAnswer } from '../../engine/engine.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { RUNS } from '../../projections/runs.ts'
import type { RunDocument } from '../../projections/runs-document.ts'
import { mayUse } from '../access.ts'
import { ok, refuse } from '../answer.ts'
import type { RefusalCode } from '../http-status.ts'
import type { AddRoute } from '../route.ts'
import { asRun } from '../run-lookup.ts'
import { findContext } from './contexts.ts'
import { findRun } from './runs.ts'

type Parts = {
  readonly engine: Engine
  readonly store: Store
  readonly projections: Projections
  readonly clock: Clock
}

const InProject = z.object({ project: z.string().optional() })

/** Runs of a lane that are looked at for a newer deployment; they come newest first. */
const MAX_LOOKED_AT = 50
const REPLACES_VERSION = ['deployment', 'rollback']

/** Taking up what failed, and letting go what a freeze holds: the two ways in which a person overrules the engine. */
export function addRerunRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'POST',
    path: '/api/tiphys/v1/runs/:id/rerun',
    summary: 'Takes up a run that is over, in the same context, at the task that failed',
    body: RerunBody,
    success: RerunAnswer,
    async handle({ params, body, actor }) {
      const run = await findRun(parts, params.id)
      if (run === undefined || !mayUse(actor, run.project)) {
        return refuse('not-found', `there is no run ${params.id}`)
      }
      const replacedBy = await replacedSince(parts, run)
      const answer = await parts.engine.rerun({
        projectId: run.projectId,
        runId: run.runId,
        newRunId: eventId(randomUUID(), 1, parts.clock.nowMs()),
        actor,
        ...(body.from === undefined ? {} : { from: body.from }),
        ...(replacedBy === undefined ? {} : { replacedBy }),
        ...(body.force === undefined ? {} : { force: body.force }),
      })
      if (answer.code !== 'started') return refuse(refusalOf(answer.code), answer.message)
      return ok({ context: answer.context, runId: answer.runId })
    },
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/contexts/:context/override-freeze',
    summary: 'Lets the open runs of a context go on in a freeze; the reason is kept',
    query: InProject,
    body: OverrideFreezeBody,
    success: ControlAnswer,
    async handle({ params, query, body, actor }) {
      const found = await findContext(parts, params.context, query.project, actor)
      if (!found.ok) return found
      const { projectId, context } = found
      const stage = body.stage === undefined ? {} : { stage: body.stage }
      const { reason } = body
      const action = 'override-freeze'
      const { runs } = await parts.engine.control({
        projectId,
        context,
        ...stage,
        action,
        actor,
        reason,
      })
      return ok({ runs })
    },
  })
}

/** What was deployed in the lane after what this run is about: its tests would no longer meet that version. */
async function replacedSince(parts: Parts, run: RunDocument): Promise<string | undefined> {
  const { projectId, stage, service, runId, tasks } = run
  const own = tasks.findLast((task) => REPLACES_VERSION.includes(task.name)) ?? tasks[0]
  if (own === undefined) return undefined
  const window = { offset: 0, limit: MAX_LOOKED_AT }
  const { documents } = await parts.projections.list(RUNS, { projectId, stage, service, ...window })
  const newer = documents
    .map(asRun)
    .filter((other) => other.runId !== runId)
    .find((other) =>
      other.tasks.some(
        (task) => REPLACES_VERSION.includes(task.name) && task.triggeredMs > own.triggeredMs,
      ),
    )
  return newer && `${newer.sequence} of context ${newer.context}`
}

function refusalOf(code: Exclude<EngineAnswer['code'], 'started'>): RefusalCode {
  return code === 'not-found' ? 'not-found' : code === 'no-such-task' ? 'invalid' : 'conflict'
}
