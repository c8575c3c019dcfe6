import type { ProjectRecord, Projects } from '../../projects/projects.ts'
import { type Refusal, refuse } from '../answer.ts'

type Lookup = { readonly ok: true; readonly record: ProjectRecord } | Refusal

/** A project by name, or the refusal in Keptn's words, which clients search for "not found". */
export function findProject(projects: Projects, name: string): Lookup {
  const record = projects.find(name)
  if (record === undefined) return refuse('project-not-found', `Project not found: ${name}`)
  return { ok: true, record }
}

export function stageNotFound(stage: string): Refusal {
  return refuse('not-found', `Stage not found: ${stage}`)
}

export function serviceNotFound(service: string): Refusal {
  return refuse('service-not-found', `Service not found: ${service}`)
}
