/**
 * The names under which Argo CD's applications and we know each other (product.md, fixed names), with the aliases of Keptn's own
 * Argo CD integration.
 */
export const PROJECT_LABEL = 'tiphys.dev/project'
export const SERVICE_LABEL = 'tiphys.dev/service'
export const STAGE_LABEL = 'tiphys.dev/stage'
export const SEQUENCE_ANNOTATION = 'tiphys.dev/sequence'
export const URI_ANNOTATION = 'tiphys.dev/uri'
export const AUTHORIZED_ANNOTATION = 'tiphys.dev/authorized'

/** In `infos` of every sync we ask for; the run's id is its value. */
export const RUN_INFO = 'tiphys.dev/run'
/** Keptn's names for the same purpose: the id of `deployment.triggered`, and the context. */
export const TRIGGERED_ID_INFO = 'triggeredid'
export const CONTEXT_INFO = 'shkeptncontext'

/** What a deployment that Argo CD made by itself starts when the application names no sequence. */
export const DEFAULT_SEQUENCE = 'verify'

const PROJECT_ALIASES = [PROJECT_LABEL, 'keptnProject']
const SERVICE_ALIASES = [SERVICE_LABEL, 'keptnService']
const STAGE_ALIASES = [STAGE_LABEL, 'stage']
const URI_ALIASES = [URI_ANNOTATION, 'externalURI']
/** Links that people put onto the application itself; Argo CD lists them among the external URLs of what runs. */
const LINK_ANNOTATION = 'link.argocd.argoproj.io/'

type Names = Readonly<Record<string, string>> | null | undefined

export type Metadata = { readonly labels?: Names; readonly annotations?: Names }

/** Which project, service and stage an application says it is; undefined unless it says all three. */
export type Membership = {
  readonly project: string
  readonly service: string
  readonly stage: string
}

export function membershipOf(metadata: Metadata): Membership | undefined {
  const project = first(metadata.labels, PROJECT_ALIASES)
  const service = first(metadata.labels, SERVICE_ALIASES)
  const stage = first(metadata.labels, STAGE_ALIASES)
  if (project === undefined || service === undefined || stage === undefined) return undefined
  return { project, service, stage }
}

export function sequenceOf(metadata: Metadata): string {
  return first(metadata.annotations, [SEQUENCE_ANNOTATION]) ?? DEFAULT_SEQUENCE
}

/** Where what was deployed can be reached: the annotation first, then what Argo CD found, without links to other things. */
export function publicUrisOf(
  metadata: Metadata,
  externalUrls: readonly string[] | null | undefined,
): string[] {
  const named = first(metadata.annotations, URI_ALIASES)
  const links = Object.entries(metadata.annotations ?? {})
    .filter(([name]) => name.startsWith(LINK_ANNOTATION))
    .map(([, url]) => linkTarget(url))
  const found = (externalUrls ?? []).map(linkTarget).filter((url) => !links.includes(url))
  return [...new Set([...(named === undefined ? [] : [named]), ...found])]
}

/**
 * Whether the application allows this stage of this project to write (behaviour.md 6): only who may edit the application can add
 * the annotation, so a broad Argo CD token alone changes nothing.
 */
export function isAuthorized(metadata: Metadata, project: string, stage: string): boolean {
  const allowed = metadata.annotations?.[AUTHORIZED_ANNOTATION] ?? ''
  return allowed
    .split(',')
    .map((entry) => entry.trim())
    .includes(`${project}:${stage}`)
}

/** Argo CD lets a link have a title before a bar: `Dashboard|https://…`. */
function linkTarget(url: string): string {
  return url.slice(url.lastIndexOf('|') + 1)
}

function first(names: Names, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = names?.[key]
    if (value !== undefined && value !== '') return value
  }
  return undefined
}
