import type { TokensPart } from '../api/tokens-part.ts'
import { type Actor, type Scope, TIPHYS } from '../intake/actor.ts'
import { allows } from './allows.ts'

/** The name of the token that the server starts with. */
export const BOOTSTRAP_NAME = 'bootstrap'
/** Names that mean somebody else in approvals and logs. */
const RESERVED: readonly string[] = [TIPHYS.name, BOOTSTRAP_NAME]

const SCOPES: readonly Scope[] = ['trigger', 'answer', 'approve', 'read', 'configure', 'admin']
const NAME = /^[A-Za-z0-9]([A-Za-z0-9 ._@+-]{0,98}[A-Za-z0-9])?$/
const MOST_PROJECTS = 1_000

type Wish = Parameters<TokensPart['mint']>[0]

/** A token may do what was asked for it, if that can be and the one who asks may do it too. */
export function checkWish(
  wish: Wish,
  actor: Actor,
):
  | { readonly code: 'checked'; readonly wish: Wish }
  | { readonly code: 'invalid'; readonly message: string } {
  const message = faultOf(wish, actor)
  if (message !== undefined) return { code: 'invalid', message }
  const { name, scopes, projects } = wish
  return {
    code: 'checked',
    wish: {
      name,
      scopes: SCOPES.filter((scope) => scopes.includes(scope)),
      projects: projects.includes('*') ? ['*'] : [...new Set(projects)].sort(),
    },
  }
}

function faultOf({ name, scopes, projects }: Wish, actor: Actor): string | undefined {
  if (!NAME.test(name)) {
    return `token name ${JSON.stringify(name)}: expected 1 to 100 letters, digits, spaces and . _ @ + - between letters or digits`
  }
  if (RESERVED.includes(name.toLowerCase())) return `token name ${name} is taken by the server`
  const unknown = scopes.find((scope) => !SCOPES.includes(scope))
  if (unknown !== undefined) return `scope ${unknown} is not one of ${SCOPES.join(', ')}`
  if (scopes.length === 0) return `a token needs at least one scope of ${SCOPES.join(', ')}`
  if (projects.length === 0) return 'a token needs at least one project, or *'
  if (projects.length > MOST_PROJECTS) {
    return `a token is for at most ${MOST_PROJECTS} projects, or *; these are ${projects.length}`
  }
  if (projects.includes('')) return 'the name of a project is empty'
  const outside = projects.find((project) => !allows(actor, 'admin', project))
  if (outside === undefined) return undefined
  return `token ${actor.name} may not mint a token for project ${outside}: it is not an admin there`
}
