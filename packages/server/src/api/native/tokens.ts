import { Empty } from '@tiphys/contract/http/keptn-project.ts'
import { MintedToken, MintTokenBody, TokenList } from '@tiphys/contract/http/native-token.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { ok, refusalOf } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import type { TokensPart } from '../tokens-part.ts'

const CREATED = 201

/** Tokens: who may do what (behaviour.md 10). For admins; the text of a token is shown once. */
export function addTokenRoutes(add: AddRoute, tokens: TokensPart): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/tokens',
    summary: 'Names, scopes and projects of tokens',
    success: TokenList,
    async handle() {
      const all = await tokens.list()
      return ok({
        tokens: all.map(({ name, scopes, projects, createdMs }) => ({
          name,
          scopes: [...scopes],
          projects: [...projects],
          createdAt: formatTimestamp(createdMs),
        })),
      })
    },
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/tokens',
    summary: 'Mints a token; its text is in this answer and nowhere else',
    body: MintTokenBody,
    success: MintedToken,
    successStatus: CREATED,
    async handle({ body, actor }) {
      const answer = await tokens.mint(body, actor)
      if (answer.code !== 'minted') return refusalOf(answer)
      return { ok: true, status: CREATED, body: { name: body.name, token: answer.token } }
    },
  })
  add({
    method: 'DELETE',
    path: '/api/tiphys/v1/tokens/:name',
    summary: 'Revokes a token at once',
    success: Empty,
    async handle({ params, actor }) {
      const answer = await tokens.revoke(params.name, actor)
      return answer.code === 'revoked' ? ok({}) : refusalOf(answer)
    },
  })
}
