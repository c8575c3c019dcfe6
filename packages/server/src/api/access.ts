import type { Actor, Scope } from '../intake/actor.ts'
import { reaches } from '../security/allows.ts'
import { type Refusal, refuse } from './answer.ts'
import type { Access } from './route-access.ts'

export function mayUse(actor: Actor, project: string): boolean {
  return reaches(actor.projects, project)
}

export function isForEveryProject(actor: Actor): boolean {
  return reaches(actor.projects)
}

/** Undefined: the actor may use the route. */
export function checkScope(actor: Actor, access: Access): Refusal | undefined {
  if (access === 'any-token' || access === 'public') return undefined
  const has = (scope: Scope) => actor.scopes.includes(scope) || actor.scopes.includes('admin')
  if (access.some(has)) return undefined
  return refuse(
    'forbidden',
    `token ${actor.name} lacks the scope ${access.join(' or ')} that this request needs`,
  )
}

/** Undefined: the actor may use the project. */
export function checkProject(actor: Actor, project: string): Refusal | undefined {
  if (mayUse(actor, project)) return undefined
  const allowed = actor.projects.length === 0 ? 'no project' : actor.projects.join(', ')
  return refuse('forbidden', `token ${actor.name} is for ${allowed}, not for project ${project}`)
}

/** For lists over everything: a token of some projects must say which one it means. */
export function checkEveryProject(actor: Actor, how: string): Refusal | undefined {
  if (isForEveryProject(actor)) return undefined
  return refuse(
    'forbidden',
    `token ${actor.name} is for ${actor.projects.join(', ') || 'no project'}; name one of its projects with ${how}`,
  )
}
