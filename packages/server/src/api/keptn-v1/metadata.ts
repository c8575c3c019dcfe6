import { Empty, KeptnMetadata } from '@tiphys/contract/http/keptn-project.ts'
import { ok } from '../answer.ts'
import type { AddRoute } from '../route.ts'

/** The version whose API we speak: clients compare it with their own and warn when it differs. */
export const KEPTN_VERSION = '1.4.5'
/** What Keptn reported whatever it understood. */
const SHIPYARD_VERSION = '0.2.0'

/** `POST /v1/auth` and `GET /v1/metadata` (facts/keptn-v1.md 2.2). */
export function addServiceInformationRoutes(add: AddRoute): void {
  add({
    method: 'POST',
    path: '/api/v1/auth',
    summary: 'Says whether the token is known',
    success: Empty,
    handle: () => ok({}),
  })
  add({
    method: 'GET',
    path: '/api/v1/metadata',
    summary: 'Versions, as Keptn reports them',
    success: KeptnMetadata,
    handle: () =>
      ok({
        namespace: 'keptn',
        keptnversion: KEPTN_VERSION,
        keptnlabel: 'keptn',
        bridgeversion: '',
        shipyardversion: SHIPYARD_VERSION,
        keptnservices: {},
        // Nobody has to bring a Git upstream: each project has an embedded repository.
        automaticprovisioning: true,
      }),
  })
}
