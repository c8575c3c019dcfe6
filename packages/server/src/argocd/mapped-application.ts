import {
  type ResolvedApplication,
  resolveApplications,
  selectApplication,
} from '@tiphys/contract/argocd-mapping.ts'
import { ARGOCD_YAML_URI, ArgocdYaml } from '@tiphys/contract/argocd-yaml.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import type { Patience } from '@tiphys/core/deployment/wish.ts'
import { type ProjectSnapshot, placeName } from '../engine/project-snapshot.ts'

export type ServicePlace = {
  readonly snapshot: ProjectSnapshot
  readonly stage: string
  readonly service: string
}

export type Mapped =
  | { readonly code: 'mapped'; readonly application: ResolvedApplication }
  /** No argocd.yaml, or one that says that this service is not deployed through Argo CD. */
  | { readonly code: 'none'; readonly message: string }
  /** One sentence with file, line and column where there is one. */
  | { readonly code: 'invalid'; readonly message: string }

/** The application that argocd.yaml names for a service in a stage, at the snapshot's commit. */
export function mapService(place: ServicePlace, wanted: string | undefined): Mapped {
  const all = mappedApplications(place)
  if (all.code !== 'mapped') return all
  const selected = selectApplication(all.applications, wanted)
  switch (selected.code) {
    case 'selected':
      return { code: 'mapped', application: selected.application }
    case 'none':
      return { code: 'none', message: notMapped(place) }
    case 'unknown-application':
      return { code: 'invalid', message: selected.message }
  }
}

export type AllMapped =
  | { readonly code: 'mapped'; readonly applications: readonly ResolvedApplication[] }
  | Exclude<Mapped, { code: 'mapped' }>

export function mappedApplications(place: ServicePlace): AllMapped {
  const { snapshot, stage, service } = place
  const found = snapshot.peek(stage, service, ARGOCD_YAML_URI)
  if (found === undefined) return { code: 'none', message: notMapped(place) }
  const file = placeName(found.place, ARGOCD_YAML_URI)
  const parsed = parseYaml(ArgocdYaml, found.text, file, { unknownKeys: 'error' })
  if (!parsed.ok) {
    const [problem] = parsed.problems
    return { code: 'invalid', message: problem ? formatProblem(problem) : `${file} is invalid` }
  }
  const resolved = resolveApplications(parsed.value, { project: snapshot.project, stage, service })
  if (resolved.code === 'invalid') return resolved
  return { code: 'mapped', applications: resolved.applications }
}

/** Whether deployments of this service go through Argo CD. A broken file counts: whoever wrote it is told what is wrong. */
export function isMapped(place: ServicePlace): boolean {
  const all = mappedApplications(place)
  return all.code === 'invalid' || (all.code === 'mapped' && all.applications.length > 0)
}

/** What argocd.yaml says about an application of Argo CD, if it names it for this service in this stage. */
export function mappingOf(
  snapshot: ProjectSnapshot,
  one: {
    readonly stage: string
    readonly service: string
    readonly instance: string
    readonly application: string
  },
): ResolvedApplication | undefined {
  const all = mappedApplications({ snapshot, stage: one.stage, service: one.service })
  if (all.code !== 'mapped') return undefined
  return all.applications.find(
    ({ instance, application }) => instance === one.instance && application === one.application,
  )
}

export function patienceWith(mapped: ResolvedApplication): Patience {
  const { settleMs, graceMs, requireSynced } = mapped
  return { settleMs, degradedGraceMs: graceMs, unknownGraceMs: graceMs, requireSynced }
}

function notMapped({ stage, service }: ServicePlace): string {
  return `no argocd.yaml names an Argo CD application for service ${service} in stage ${stage}`
}
