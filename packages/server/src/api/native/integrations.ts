import { type IntegrationEntry, IntegrationList } from '@tiphys/contract/http/native-integration.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { type Integration, within } from '../../integrations/integration.ts'
import { ok } from '../answer.ts'
import type { IntegrationsPart } from '../integrations-part.ts'
import { shownSubscription } from '../keptn-v1/uniform.ts'
import type { AddRoute } from '../route.ts'

/** The services that carry out tasks, with what they listen to and whether they are still there. */
export function addIntegrationRoutes(add: AddRoute, integrations: IntegrationsPart): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/integrations',
    summary: 'Registered integrations: what they listen to, when they were seen last',
    success: IntegrationList,
    handle: ({ actor }) =>
      ok({ integrations: integrations.list(actor).map((one) => entryOf(integrations, one)) }),
  })
}

function entryOf(integrations: IntegrationsPart, integration: Integration): IntegrationEntry {
  const { id, name, namespace, hostname, location } = integration
  // Whoever sees it cut to other projects sees nothing of what went wrong in them.
  const [last] =
    integration.projects.length === 0 ? [] : integrations.logs.list({ integrationId: id })
  return {
    id,
    name,
    namespace,
    hostname,
    location,
    version: integration.integrationVersion,
    registeredAt: formatTimestamp(integration.registeredMs),
    lastSeenAt: formatTimestamp(integration.lastSeenMs),
    silent: integrations.isSilent(integration),
    subscriptions: integration.subscriptions.map((one) =>
      // Where its token is for some projects only, those, whatever the service asked for.
      shownSubscription({ ...one, ...within(integration.projects, one) }),
    ),
    ...(last === undefined
      ? {}
      : {
          lastError: {
            message: last.message,
            at: formatTimestamp(last.atMs),
            context: last.context,
            task: last.task,
          },
        }),
  }
}
