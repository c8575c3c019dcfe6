import type { Actor, Scope } from '../intake/actor.ts'

const EVERY_PROJECT = '*'

/**
 * Whether somebody may do something (behaviour.md 10). `admin` has every scope; no other scope contains another: a token that writes
 * configuration reads it only if it says `read` too. Without a project it is something of the whole server, or an event that names no
 * project: that needs every project.
 */
export function allows(
  actor: Pick<Actor, 'scopes' | 'projects'>,
  scope: Scope,
  project?: string,
): boolean {
  const hasScope = actor.scopes.includes(scope) || actor.scopes.includes('admin')
  return hasScope && reaches(actor.projects, project)
}

/** Whether a token's list of projects covers one, or, without one, all of them. */
export function reaches(projects: readonly string[], project?: string): boolean {
  if (projects.includes(EVERY_PROJECT)) return true
  return project !== undefined && project !== '' && projects.includes(project)
}
