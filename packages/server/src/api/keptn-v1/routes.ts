import type { ApiParts } from '../parts.ts'
import type { AddRoute } from '../route.ts'
import { addEventRoutes } from './event.ts'
import { addEventStoreRoutes } from './event-store.ts'
import { addIntegrationLogRoutes } from './integration-logs.ts'
import { addServiceInformationRoutes } from './metadata.ts'
import { addOpenEventRoute } from './open-events.ts'
import { addProjectRoutes } from './projects.ts'
import { addResourceRoutes } from './resources.ts'
import { addSecretRoutes } from './secrets.ts'
import { addSequenceRoutes } from './sequences.ts'
import { addStageAndServiceRoutes } from './stages-and-services.ts'
import { addTriggerEvaluationRoute } from './trigger-evaluation.ts'
import { addUniformRoutes } from './uniform.ts'

/**
 * Keptn's API as its CLI, services and scripts use it (facts/keptn-v1.md 2). Statistics and import are not here
 * yet and answer 404.
 */
export function addKeptnRoutes(add: AddRoute, parts: ApiParts): void {
  addServiceInformationRoutes(add)
  addEventRoutes(add, parts)
  addOpenEventRoute(add, parts)
  addProjectRoutes(add, parts)
  addStageAndServiceRoutes(add, parts)
  addTriggerEvaluationRoute(add, parts)
  addSequenceRoutes(add, parts)
  addEventStoreRoutes(add, parts)
  addResourceRoutes(add, parts.projects)
  addSecretRoutes(add, parts.secrets)
  addUniformRoutes(add, parts.integrations)
  addIntegrationLogRoutes(add, parts)
}
