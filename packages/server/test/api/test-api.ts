import { createApi } from '../../src/api/api.ts'
import type { Authentication } from '../../src/api/authenticate.ts'
import type { IntegrationsPart } from '../../src/api/integrations-part.ts'
import type { ProvidersPart } from '../../src/api/native/providers.ts'
import type { ArgocdPart } from '../../src/api/native/server.ts'
import type { OperationsPart } from '../../src/api/operations-part.ts'
import type { ApiParts, ServerFacts } from '../../src/api/parts.ts'
import type { SecretsPart } from '../../src/api/secrets-part.ts'
import type { TokensPart } from '../../src/api/tokens-part.ts'
import type { AuditTrail } from '../../src/audit/audit-trail.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Actor } from '../../src/intake/actor.ts'
import type { Intake } from '../../src/intake/intake.ts'
import type { Artifacts } from '../../src/ports/artifacts.ts'
import type { Projections } from '../../src/ports/projections.ts'
import type { Store } from '../../src/ports/store.ts'
import type { Projects } from '../../src/projects/projects.ts'

/** Tokens that every test server knows; the token's text is the actor's name. */
export const ACTORS: Readonly<Record<string, Actor>> = {
  admin: { name: 'admin', scopes: ['admin'], projects: ['*'] },
  trigger: { name: 'trigger', scopes: ['trigger'], projects: ['*'] },
  reader: { name: 'reader', scopes: ['read'], projects: ['*'] },
  'shop-reader': { name: 'shop-reader', scopes: ['read'], projects: ['shop'] },
  'other-reader': { name: 'other-reader', scopes: ['read'], projects: ['other'] },
  'shop-configurer': { name: 'shop-configurer', scopes: ['configure'], projects: ['shop'] },
  'shop-admin': { name: 'shop-admin', scopes: ['admin'], projects: ['shop'] },
  'shop-trigger': { name: 'shop-trigger', scopes: ['trigger'], projects: ['shop'] },
  answerer: { name: 'answerer', scopes: ['answer'], projects: ['*'] },
  approver: { name: 'approver', scopes: ['approve'], projects: ['*'] },
}

export type TestApi = {
  readonly url: string
  /** Sends JSON unless `body` is text already. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>
  close(): Promise<void>
}

export type SendOptions = {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

/** A part that a test does not hand in: using it is the test's mistake. */
function absent<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get(_target, property) {
      throw new Error(`this test hands in no ${name}, and ${String(property)} was used`)
    },
  })
}

/** Tests that are about other things leave no trail. */
const SILENT: AuditTrail = {
  record: () => Promise.resolve(),
  writeOf: () => ({ stream: 'audit', expectedVersion: 'any', events: [] }),
}

/** A real HTTP server on a free port, over whatever parts a test hands in. */
export async function startTestApi(
  parts: Partial<Omit<ApiParts, 'server'>> & { readonly server?: Partial<ServerFacts> } = {},
): Promise<TestApi> {
  const { server, ...others } = parts
  const app = await createApi({
    intake: absent<Intake>('intake'),
    engine: absent<Engine>('engine'),
    projects: absent<Projects>('projects'),
    store: absent<Store>('store'),
    projections: absent<Projections>('projections'),
    clock: { nowMs: () => 0, sleep: () => Promise.resolve(), at: () => () => undefined },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    secrets: absent<SecretsPart>('secrets'),
    tokens: absent<TokensPart>('tokens'),
    integrations: absent<IntegrationsPart>('integrations'),
    argocd: absent<ArgocdPart>('argocd'),
    providers: absent<ProvidersPart>('providers'),
    audit: SILENT,
    operations: absent<OperationsPart>('operations'),
    artifacts: absent<Artifacts>('artifacts'),
    lint: () => [],
    authenticate,
    ...others,
    server: {
      version: '0.0.0-test',
      basePath: '',
      checkHost: true,
      behindProxy: false,
      readiness: () => ({ ready: true }),
      ...server,
    },
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    send: (method, path, options) => send(url, method, path, options),
    close: () => app.close(),
  }
}

function authenticate(token: string | undefined): Authentication {
  const actor = token === undefined ? undefined : ACTORS[token]
  return actor === undefined ? { code: 'unauthenticated' } : { code: 'authenticated', actor }
}

export async function send(
  url: string,
  method: string,
  path: string,
  options: SendOptions = {},
): Promise<Answer> {
  const { body, headers = {} } = options
  const token = 'token' in options ? options.token : 'admin'
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { 'x-token': token }),
      ...(body === undefined || typeof body === 'string'
        ? {}
        : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
