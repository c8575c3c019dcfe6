import type { JsonObject } from '@tiphys/contract/json.ts'
import {
  APPROVAL,
  type Carrier,
  EVALUATION,
  type PlanResult,
  planRun,
} from '@tiphys/core/sequence/plan.ts'
import type { TaskExecutor } from '../executors/executor.ts'
import { type ProjectSnapshot, pinOfStage } from './project-snapshot.ts'

/** Who carries out the tasks of a run, decided at its trigger from its pinned configuration (behaviour.md 4). */
export type Planner = {
  plan(snapshot: ProjectSnapshot, wish: PlanWish): PlanResult
}

export type PlanWish = {
  readonly stage: string
  readonly service: string
  readonly sequence: string
}

export type PlannerParts = {
  readonly executors: readonly TaskExecutor[]
  readonly isSubscribed: IsSubscribed
}

/** Whether an integration ever subscribed to a task of this name, at this place (behaviour.md 4). */
export type IsSubscribed = (
  task: string,
  place: { readonly project: string; readonly stage: string; readonly service: string },
) => boolean

/** Built in whatever the configuration says. */
const ALWAYS_BUILT_IN = [EVALUATION, APPROVAL]

export function createPlanner(parts: PlannerParts): Planner {
  const byTask = new Map(parts.executors.map((executor) => [executor.task, executor]))

  function assign(snapshot: ProjectSnapshot, wish: PlanWish, task: string, properties: JsonObject) {
    const executor = byTask.get(task)
    const named = properties['executor']
    const carrier = carrierOf(executor, snapshot, wish, task, properties, named)
    const timeoutMs = carrier === 'tiphys' ? executor?.defaultTimeoutMs : undefined
    return timeoutMs === undefined ? { carrier } : { carrier, timeoutMs }
  }

  function carrierOf(
    executor: TaskExecutor | undefined,
    snapshot: ProjectSnapshot,
    wish: PlanWish,
    task: string,
    properties: JsonObject,
    named: unknown,
  ): Carrier {
    const { stage, service } = wish
    const subscribed = parts.isSubscribed(task, { project: snapshot.project, stage, service })
    const others = subscribed || named === 'external' ? 'external' : 'nobody'
    if (executor === undefined || named === 'external') return others
    if (named === 'tiphys' || ALWAYS_BUILT_IN.includes(task)) return 'tiphys'
    const takes = executor.takes({ snapshot, stage: wish.stage, service: wish.service, properties })
    if (takes === 'configured') return 'tiphys'
    return takes === 'neutral' && !subscribed ? 'tiphys' : others
  }

  return {
    plan: (snapshot, wish) =>
      planRun({
        ...wish,
        projectId: snapshot.projectId,
        project: snapshot.project,
        shipyard: snapshot.shipyard,
        ...pinOfStage(snapshot, wish.stage),
        queue: snapshot.stageSettings(wish.stage).queue ?? 'supersede',
        assign: (task, properties) => assign(snapshot, wish, task, properties),
      }),
  }
}
