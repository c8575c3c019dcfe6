import type { ApplicationListItem } from '@tiphys/contract/argocd-api.ts'
import { AUTHORIZED_ANNOTATION, membershipOf } from '@tiphys/core/deployment/kubernetes-names.ts'
import type { ArgoCd } from '../ports/argocd.ts'

/** What an operator wants to know of a connected Argo CD before anything is deployed through it. */
export type InstanceCheck = {
  readonly reachable: boolean
  readonly version?: string
  /** What is wrong or odd, in sentences; absent when all is well. */
  readonly message?: string
}

/** Asking for permissions is a call per application. */
const MAX_ASKED = 20
const MAX_NAMED = 5

const OUR_LABELS = [
  'tiphys.dev/project',
  'tiphys.dev/service',
  'tiphys.dev/stage',
  'keptnProject',
  'keptnService',
]

/** Credentials, permissions, opt-ins and labels. Writes nothing. */
export async function checkInstance(argocd: ArgoCd): Promise<InstanceCheck> {
  const user = await argocd.userInfo()
  if (user.code !== 'ok') return { reachable: false, message: user.message }
  if (user.value.loggedIn !== true) {
    // Argo CD answers anybody who they are; a token that it does not take is nobody's.
    const message = `Argo CD ${argocd.instance} answers, but does not take the token`
    return { reachable: false, message }
  }
  const version = await argocd.version()
  const known = version.code === 'ok' ? { version: version.value } : {}
  const listed = await argocd.list()
  if (listed.code !== 'ok') return { reachable: true, ...known, message: listed.message }
  const remarks = [
    ...halfLabelled(listed.value),
    ...(await notPermitted(argocd, listed.value)),
    ...(listed.value.length === 0 ? ['the token sees no application at all'] : []),
  ]
  return {
    reachable: true,
    ...known,
    ...(remarks.length > 0 ? { message: remarks.join('; ') } : {}),
  }
}

function halfLabelled(items: readonly ApplicationListItem[]): string[] {
  const half = items.filter(
    ({ metadata }) =>
      membershipOf(metadata) === undefined &&
      OUR_LABELS.some((label) => metadata.labels?.[label] !== undefined),
  )
  if (half.length === 0) return []
  return [`without all three of the labels project, service and stage: ${named(half)}`]
}

/** Applications that allow us to write, and which the token may not sync. */
async function notPermitted(
  argocd: ArgoCd,
  items: readonly ApplicationListItem[],
): Promise<string[]> {
  const open = items.filter(({ metadata }) => metadata.annotations?.[AUTHORIZED_ANNOTATION])
  const refused: ApplicationListItem[] = []
  for (const item of open.slice(0, MAX_ASKED)) {
    if ((await maySync(argocd, item)) === false) refused.push(item)
  }
  return refused.length === 0 ? [] : [`the token may not sync: ${named(refused)}`]
}

/** Undefined when this Argo CD does not say. */
async function maySync(
  argocd: ArgoCd,
  { metadata, spec }: ApplicationListItem,
): Promise<boolean | undefined> {
  const { name, namespace } = metadata
  // Applications outside of Argo CD's own namespace have it in their object's name.
  for (const object of [`${spec.project}/${name}`, `${spec.project}/${namespace}/${name}`]) {
    const answer = await argocd.can('sync', 'applications', object)
    if (answer.code !== 'ok') return undefined
    if (answer.value) return true
  }
  return false
}

function named(items: readonly ApplicationListItem[]): string {
  const names = items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : ''
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`
}
