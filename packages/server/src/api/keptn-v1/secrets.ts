import { Empty } from '@tiphys/contract/http/keptn-project.ts'
import {
  DEFAULT_SECRET_SCOPE,
  ScopeList,
  SecretBody,
  SecretList,
} from '@tiphys/contract/http/keptn-secret.ts'
import { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import { isForEveryProject } from '../access.ts'
import { type Answer, ok, type Refusal, refusalOf, refuse } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import type { SecretsPart } from '../secrets-part.ts'

const CREATED = 201

/** Scopes that Keptn had built in, first the default. */
const SCOPES = [
  DEFAULT_SECRET_SCOPE,
  'keptn-webhook-service',
  'dynatrace-service',
  'keptn-prometheus-service',
]

const Filter = z.object({ name: z.string().optional(), scope: z.string().optional() })

/** Secrets (facts/keptn-v1.md 2.6): written, listed by name, deleted, never read. */
export function addSecretRoutes(add: AddRoute, secrets: SecretsPart): void {
  const path = '/api/secrets/v1/secret'
  add({
    method: 'GET',
    path,
    summary: 'Names, scopes and keys of secrets; never their values',
    query: Filter,
    success: SecretList,
    async handle({ query, actor }) {
      const forbidden = checkShared(actor)
      if (forbidden !== undefined) return forbidden
      const found = (await secrets.list())
        .filter((secret) => !query.name || secret.name === query.name)
        .filter((secret) => !query.scope || secret.scope === query.scope)
        .map(({ name, scope, keys }) => ({ name, scope, keys: [...keys] }))
      return ok({ Secrets: found })
    },
  })
  add({
    method: 'POST',
    path,
    summary: 'Creates a secret',
    body: SecretBody,
    success: Empty,
    successStatus: CREATED,
    handle: ({ body, actor }) => put(secrets, body, 'create', actor),
  })
  add({
    method: 'PUT',
    path,
    summary: 'Replaces a secret',
    body: SecretBody,
    success: Empty,
    handle: ({ body, actor }) => put(secrets, body, 'replace', actor),
  })
  add({
    method: 'DELETE',
    path,
    summary: 'Deletes a secret',
    query: Filter,
    success: Empty,
    async handle({ query, actor }) {
      const forbidden = checkShared(actor)
      if (forbidden !== undefined) return forbidden
      const { name, scope } = query
      if (!name || !scope) {
        return refuse('invalid', 'query parameters name and scope are both required')
      }
      const deleted = await secrets.delete(name, scope, actor)
      return deleted ? ok({}) : refuse('not-found', `Secret not found: ${name} in scope ${scope}`)
    },
  })
  add({
    method: 'GET',
    path: '/api/secrets/v1/scope',
    summary: 'Scopes a secret can be in',
    success: ScopeList,
    handle: () => ok({ scopes: [...SCOPES] }),
  })
}

async function put(
  secrets: SecretsPart,
  body: SecretBody,
  mode: 'create' | 'replace',
  actor: Actor,
): Promise<Answer<object>> {
  const forbidden = checkShared(actor)
  if (forbidden !== undefined) return forbidden
  const scope = body.scope || DEFAULT_SECRET_SCOPE
  if (!SCOPES.includes(scope)) {
    return refuse('invalid', `secret scope ${scope} is not one of ${SCOPES.join(', ')}`)
  }
  const answer = await secrets.put({ name: body.name, scope, data: body.data }, mode, actor)
  if (answer.code !== 'written') return refusalOf(answer)
  return { ok: true, status: mode === 'create' ? CREATED : 200, body: {} }
}

/** A secret serves every project, so a token of some projects may neither see nor replace it. */
function checkShared(actor: Actor): Refusal | undefined {
  if (isForEveryProject(actor)) return undefined
  return refuse(
    'forbidden',
    `secrets are shared by all projects; token ${actor.name} is for ${actor.projects.join(', ') || 'none'}`,
  )
}
