import type { KeptnEvent } from '@tiphys/contract/event.ts'
import { questionOf } from '@tiphys/core/sequence/questions.ts'
import type { OpenRun, OpenTask, Question } from '@tiphys/core/sequence/run-state.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Projects } from '../../projects/projects.ts'
import { mayUse } from '../access.ts'

export type OpenTaskFound = {
  readonly event: KeptnEvent
  readonly run: OpenRun
  readonly task: OpenTask
  /** The event asks for something that the task needs: it is answered by others, whoever carries out the task. */
  readonly question?: Question
}

/** Open tasks, and what open tasks asked others, whose `.triggered` event is of a type, that the actor may see. */
export function openTasks(
  parts: { readonly engine: Engine; readonly projects: Projects },
  filter: { readonly type?: string; readonly eventId?: string; readonly projectId?: string },
  actor: Actor,
): readonly OpenTaskFound[] {
  return parts.engine.openTriggered(filter).flatMap((event) => {
    const project = String(event.data['project'] ?? '')
    const projectId = parts.projects.find(project)?.projectId
    if (projectId === undefined || !mayUse(actor, project)) return []
    for (const run of parts.engine.openRunsOf(projectId, event.shkeptncontext)) {
      const task = run.open.find((one) => one.event.id === event.id)
      if (task !== undefined) return [{ event, run, task }]
      const asked = questionOf(run, event.id)
      if (asked !== undefined) return [{ event, run, ...asked }]
    }
    return []
  })
}
