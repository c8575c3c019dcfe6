import {
  type ArgocdApplication,
  type ArgocdField,
  type ArgocdYaml,
  DEFAULT_APPLICATION_NAME,
} from './argocd-yaml.ts'
import type { DocumentSelector, FieldAddress } from './desired-field.ts'
import { parseDuration } from './duration.ts'
import { isImageName } from './image-reference.ts'
import { fillTemplate, isBranchName, isKubernetesName, type Scope } from './name-template.ts'
import { repositoryPathFault } from './repository-path.ts'
import { parseRepositoryUrl } from './repository-url.ts'
import { didYouMean } from './suggestion.ts'

/** One application of `argocd.yaml` for one service in one stage: templates filled, durations in ms. */
export type ResolvedApplication = {
  readonly name: string
  readonly instance: string
  readonly application: string
  readonly namespace?: string
  readonly project: string
  readonly git?: ResolvedGit
  readonly sync?: 'request' | 'auto'
  readonly prune: boolean
  readonly settleMs: number
  readonly graceMs: number
  readonly requireSynced: boolean
  /** Empty: the URIs come from the Application. */
  readonly uris: readonly string[]
}

export type ResolvedGit = {
  readonly repository: string
  readonly branch: string
  readonly author?: string
  readonly fields: readonly ResolvedField[]
}

export type ResolvedField = {
  readonly file: string
  readonly field: FieldAddress
  /** The name of the value that the event supplies. */
  readonly value: string
}

export type ResolvedApplications =
  | { readonly code: 'resolved'; readonly applications: readonly ResolvedApplication[] }
  /** A name of the scope does not fit where a template puts it. */
  | { readonly code: 'invalid'; readonly message: string }

/** Fills the templates of every application. What comes out is checked again: a service may have a name that is no file name. */
export function resolveApplications(file: ArgocdYaml, scope: Scope): ResolvedApplications {
  const applications: ResolvedApplication[] = []
  for (const application of file.applications) {
    const resolved = resolveApplication(application, scope)
    const fault = resolvedFault(resolved)
    if (fault !== undefined) {
      return {
        code: 'invalid',
        message: `argocd.yaml, application ${application.name}, for service ${scope.service} in stage ${scope.stage}: ${fault}`,
      }
    }
    applications.push(resolved)
  }
  return { code: 'resolved', applications }
}

export type SelectedApplication =
  | { readonly code: 'selected'; readonly application: ResolvedApplication }
  /** The file names no application: the service is not deployed through Argo CD. */
  | { readonly code: 'none' }
  | { readonly code: 'unknown-application'; readonly message: string }

/**
 * The application a task means: the one that its property `application` names; without it the one called `main`, or the only one.
 */
export function selectApplication(
  applications: readonly ResolvedApplication[],
  wanted: string | undefined,
): SelectedApplication {
  const [first] = applications
  if (first === undefined) return { code: 'none' }
  if (wanted === undefined && applications.length === 1)
    return { code: 'selected', application: first }
  const name = wanted ?? DEFAULT_APPLICATION_NAME
  const application = applications.find((candidate) => candidate.name === name)
  if (application !== undefined) return { code: 'selected', application }
  const names = applications.map((candidate) => candidate.name)
  const meant = didYouMean(name, names)
  const message =
    wanted === undefined
      ? `argocd.yaml names the applications ${names.join(', ')}; say which one with the task property application`
      : `argocd.yaml names no application ${name}${meant === undefined ? `; it names ${names.join(', ')}` : `; did you mean ${meant}?`}`
  return { code: 'unknown-application', message }
}

function resolveApplication(application: ArgocdApplication, scope: Scope): ResolvedApplication {
  const fill = (template: string) => fillTemplate(template, scope)
  const { git } = application
  return {
    name: application.name,
    instance: application.instance,
    application: fill(application.application),
    ...(application.namespace === undefined ? {} : { namespace: fill(application.namespace) }),
    project: fill(application.project),
    ...(git === undefined
      ? {}
      : {
          git: {
            repository: fill(git.repository),
            branch: fill(git.branch),
            ...(git.author === undefined ? {} : { author: git.author }),
            fields: git.fields.map((field) => resolveField(field, fill)),
          },
        }),
    ...(application.sync === undefined ? {} : { sync: application.sync }),
    prune: application.prune,
    settleMs: parseDuration(application.settle) ?? 0,
    graceMs: parseDuration(application.grace) ?? 0,
    requireSynced: application.requireSynced,
    uris: (application.uris ?? []).map(fill),
  }
}

function resolveField(field: ArgocdField, fill: (template: string) => string): ResolvedField {
  const value = field.value ?? 'image'
  return { file: fill(field.file), field: fieldAddress(field, value, fill), value }
}

function fieldAddress(
  field: ArgocdField,
  value: string,
  fill: (template: string) => string,
): FieldAddress {
  if (field.kustomizeImage !== undefined) {
    const part = value.endsWith('.tag') ? 'tag' : 'reference'
    return { kind: 'kustomize-image', image: fill(field.kustomizeImage), part }
  }
  if (field.helmValue !== undefined) return { kind: 'helm-value', path: field.helmValue }
  const document = field.document === undefined ? undefined : fillDocument(field.document, fill)
  return {
    kind: 'yaml-path',
    // The schema lets no field pass that has none of the three.
    path: field.yamlPath ?? '',
    ...(document === undefined ? {} : { document }),
  }
}

function fillDocument(
  document: NonNullable<ArgocdField['document']>,
  fill: (template: string) => string,
): DocumentSelector {
  if ('index' in document) return { index: document.index }
  return {
    kind: document.kind,
    ...(document.name === undefined ? {} : { name: fill(document.name) }),
  }
}

function resolvedFault(resolved: ResolvedApplication): string | undefined {
  for (const name of [resolved.application, resolved.namespace ?? 'x', resolved.project]) {
    if (!isKubernetesName(name)) return `${JSON.stringify(name)} is no Kubernetes name`
  }
  const { git } = resolved
  if (git === undefined) return undefined
  const url = parseRepositoryUrl(git.repository)
  if (url.code === 'invalid') return url.message
  if (!isBranchName(git.branch)) return `${JSON.stringify(git.branch)} is no branch name`
  for (const { file, field } of git.fields) {
    const fault = repositoryPathFault(file)
    if (fault !== undefined) return `the path ${JSON.stringify(file)} ${fault}`
    if (field.kind === 'kustomize-image' && !isImageName(field.image)) {
      return `${JSON.stringify(field.image)} is no image name`
    }
  }
  return undefined
}
