import { sequenceEventType } from '@tiphys/contract/event.ts'
import { EventAccepted, TriggerEvaluationBody } from '@tiphys/contract/http/keptn-project.ts'
import { explicitWindow } from '@tiphys/core/evaluation/window.ts'
import type { Intake } from '../../intake/intake.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Projects } from '../../projects/projects.ts'
import { refuse } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { acceptEvent } from './event.ts'
import { findProject } from './project-lookup.ts'

/** The `source` that Keptn's controller gives to evaluations it triggers for somebody. */
const SOURCE = 'shipyard-controller'

/** `POST …/evaluation`: what `keptn trigger evaluation` calls (facts/keptn-v1.md 2.3). */
export function addTriggerEvaluationRoute(
  add: AddRoute,
  parts: { readonly intake: Intake; readonly projects: Projects; readonly clock: Clock },
): void {
  add({
    method: 'POST',
    path: '/api/controlPlane/v1/project/:project/stage/:stage/service/:service/evaluation',
    summary: 'Triggers an evaluation of a service in a stage',
    body: TriggerEvaluationBody,
    success: EventAccepted,
    async handle({ params, body, actor, raw }) {
      const { project, stage, service } = params
      const found = findProject(parts.projects, project)
      if (!found.ok) return found
      // Without its configuration nobody knows its stages, and that is what is said.
      await parts.projects.snapshot(found.record.projectId)
      // Keptn answers these with 400, not 404.
      if (!found.record.stages.includes(stage))
        return refuse('invalid', `Stage not found: ${stage}`)
      if (!found.record.services.some((one) => one.name === service)) {
        return refuse('invalid', `Service not found: ${service}`)
      }
      const wish = {
        start: body.start || undefined,
        end: body.end || undefined,
        timeframe: body.timeframe || undefined,
      }
      const window = explicitWindow(wish, parts.clock.nowMs(), 'evaluation')
      if (!window.ok) return refuse('invalid', window.message)
      const { start, end } = window.window
      const event = {
        type: sequenceEventType(stage, 'evaluation', 'triggered'),
        source: SOURCE,
        data: {
          project,
          stage,
          service,
          ...(body.labels ? { labels: body.labels } : {}),
          evaluation: { start, end, timeframe: '' },
        },
        ...(body.gitcommitid ? { gitcommitid: body.gitcommitid } : {}),
      }
      return await acceptEvent(parts.intake, event, actor, raw)
    },
  })
}
