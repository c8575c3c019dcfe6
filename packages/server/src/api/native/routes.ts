import type { ApiParts } from '../parts.ts'
import type { AddRoute } from '../route.ts'
import { addTaskAnswerRoutes } from './approvals.ts'
import { addArtifactRoutes } from './artifacts.ts'
import { addAuditRoute } from './audit.ts'
import { addBackupRoute } from './backup.ts'
import { addContextDeletionRoute } from './context-deletion.ts'
import { addContextRoutes } from './contexts.ts'
import { addEvaluationCorrectionRoutes } from './evaluation-corrections.ts'
import { addEvaluationReportRoute } from './evaluation-report.ts'
import { addWhatIfRoute } from './evaluation-what-if.ts'
import { addEvaluationRoutes } from './evaluations.ts'
import { addEventBatchRoute } from './event-batch.ts'
import { addIntegrationRoutes } from './integrations.ts'
import { addProviderRoutes } from './providers.ts'
import { addRerunRoutes } from './rerun.ts'
import { addRunRoutes } from './runs.ts'
import { addSchemaRoutes } from './schemas.ts'
import { addNativeServerRoutes } from './server.ts'
import type { TaskFeed } from './task-feed.ts'
import { addTaskRoutes } from './tasks.ts'
import { addTestResultsRoute } from './test-results.ts'
import { addTokenRoutes } from './tokens.ts'
import { addUpstreamRoute } from './upstream.ts'

/** Our own API under `/api/tiphys/v1`, for the CLI and the web UI. Streams are in api/streams. */
export function addNativeRoutes(
  add: AddRoute,
  parts: ApiParts & { readonly taskFeed: TaskFeed },
): void {
  addNativeServerRoutes(add, parts)
  addSchemaRoutes(add, parts)
  addContextRoutes(add, parts)
  addRunRoutes(add, parts)
  addArtifactRoutes(add, parts)
  addRerunRoutes(add, parts)
  addTaskAnswerRoutes(add, parts)
  addTaskRoutes(add, parts)
  addEventBatchRoute(add, parts)
  addTestResultsRoute(add, parts)
  addEvaluationRoutes(add, parts)
  addEvaluationReportRoute(add, parts)
  addEvaluationCorrectionRoutes(add, parts)
  addWhatIfRoute(add, parts)
  addTokenRoutes(add, parts.tokens)
  addAuditRoute(add, parts)
  addUpstreamRoute(add, parts.projects)
  addIntegrationRoutes(add, parts.integrations)
  addProviderRoutes(add, parts)
  addBackupRoute(add, parts.operations)
  addContextDeletionRoute(add, parts)
}
