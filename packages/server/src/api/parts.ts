import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Engine } from '../engine/engine.ts'
import type { Intake } from '../intake/intake.ts'
import type { Artifacts } from '../ports/artifacts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Projections } from '../ports/projections.ts'
import type { Store } from '../ports/store.ts'
import type { Projects } from '../projects/projects.ts'
import type { Authenticate } from './authenticate.ts'
import type { IntegrationsPart } from './integrations-part.ts'
import type { ProvidersPart } from './native/providers.ts'
import type { ArgocdPart, LintPart } from './native/server.ts'
import type { ObservationPart } from './observe-requests.ts'
import type { OperationsPart } from './operations-part.ts'
import type { SecretsPart } from './secrets-part.ts'
import type { StreamLimits } from './streams/open-streams.ts'
import type { TokensPart } from './tokens-part.ts'

/** What the HTTP surface translates for. It decides nothing by itself. */
export type ApiParts = {
  readonly intake: Intake
  readonly engine: Engine
  readonly projects: Projects
  readonly store: Store
  readonly projections: Projections
  readonly clock: Clock
  readonly log: Log
  readonly authenticate: Authenticate
  readonly audit: AuditTrail
  readonly secrets: SecretsPart
  readonly tokens: TokensPart
  readonly integrations: IntegrationsPart
  readonly argocd: ArgocdPart
  readonly providers: ProvidersPart
  readonly lint: LintPart
  readonly operations: OperationsPart
  /** Logs and files that tests left. */
  readonly artifacts: Artifacts
  readonly server: ServerFacts
  /** Left out: nothing is counted, and /metrics is empty. */
  readonly observation?: ObservationPart
  /** How many streams there may be, and how patient they are. Unset: the usual ones. */
  readonly streamLimits?: StreamLimits
  /** PEM; with it the server speaks HTTPS only. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
}

export type ServerFacts = {
  readonly version: string
  /** `''` or `/tiphys`: stands before every route. */
  readonly basePath: string
  /** How people reach it, base path included; used in links. */
  readonly publicUrl?: string
  /** Which programs tests may run. */
  readonly commands?: { readonly enabled: boolean; readonly allow?: readonly string[] }
  /** On loopback: a request that names another host is refused (a web page that rebinds its name to us). */
  readonly checkHost: boolean
  /** Take the client's address from `X-Forwarded-For`. */
  readonly behindProxy: boolean
  /** Whether it can serve, and if not, why. */
  readonly readiness: () => Readiness | Promise<Readiness>
}

export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly reason: string }
