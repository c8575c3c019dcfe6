import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { fillTemplate, type Scope } from '@tiphys/contract/name-template.ts'
import { isHostAllowed } from './target-hosts.ts'

/** Where the requests of a test go, or the one sentence why nowhere. */
export type TargetChoice =
  | { readonly code: 'chosen'; readonly url: URL }
  | { readonly code: 'unknown' | 'refused'; readonly message: string }

const MAX_URL_CHARACTERS = 2_048
const SETTING = '`targets` in tiphys/project.yaml'

/** A `target` of tests.yaml, which whoever wrote the file is trusted with; only the names filled in are looked at. */
export function targetOfFile(template: string, scope: Scope): TargetChoice {
  const strange = [scope.project, scope.stage, scope.service].find(
    (name) => template.includes('{{') && !/^[A-Za-z0-9_.-]+$/.test(name),
  )
  if (strange !== undefined) {
    return {
      code: 'refused',
      message: `the name ${strange} cannot be part of the target ${template}`,
    }
  }
  const text = fillTemplate(template, scope)
  const url = URL.parse(text)
  if (url === null) return { code: 'refused', message: `the target ${text} is not an address` }
  return { code: 'chosen', url: plainUrl(url) }
}

/**
 * The address that the event names: the first local one if it may be tested, else the first public one, as Keptn. First is
 * newest: addresses of earlier stages travel behind it (Keptn's merge joins lists). The event only supplies the address; whether it
 * may be tested the project decides.
 */
export function targetOfEvent(data: JsonObject, allowedHosts: readonly string[]): TargetChoice {
  const deployment = data['deployment']
  const places = isJsonObject(deployment) ? deployment : {}
  const candidates = [
    ...firstText(places['deploymentURIsLocal']),
    ...firstText(places['deploymentURIsPublic']),
  ]
  if (candidates.length === 0) {
    return {
      code: 'unknown',
      message:
        'nothing says where to send requests: the event has neither deployment.deploymentURIsLocal nor deploymentURIsPublic, and tiphys/tests.yaml has no target',
    }
  }
  let refusal: string | undefined
  for (const text of candidates) {
    const url = parseCandidate(text)
    if (typeof url === 'string') refusal ??= url
    else if (isHostAllowed(url, allowedHosts)) return { code: 'chosen', url: plainUrl(url) }
    else refusal ??= notAllowed(url, allowedHosts)
  }
  return { code: 'refused', message: refusal ?? 'no address may be tested' }
}

function firstText(value: unknown): string[] {
  const first = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first !== '' ? [first] : []
}

/** The URL, or why it is none that can be tested. */
function parseCandidate(text: string): URL | string {
  const url = text.length > MAX_URL_CHARACTERS ? null : URL.parse(text)
  const shown = JSON.stringify(text.slice(0, 200))
  if (url === null) return `the deployment's address ${shown} in the event is not a URL`
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `the deployment's address in the event speaks ${url.protocol} and only http and https can be tested`
  }
  if (url.username !== '' || url.password !== '') {
    return `the deployment's address in the event carries credentials for ${url.host}, which no event may`
  }
  return url
}

function notAllowed(url: URL, allowedHosts: readonly string[]): string {
  const limit = 10
  const list = allowedHosts.slice(0, limit).join(', ')
  const allowed = allowedHosts.length === 0 ? 'none is allowed yet' : `allowed: ${list}`
  return `the host ${url.host} of the deployment's address in the event may not be tested (${allowed}); add it to ${SETTING}`
}

/** What a deployment's address has behind its path means nothing for other requests. */
function plainUrl(url: URL): URL {
  const plain = new URL(url)
  plain.search = ''
  plain.hash = ''
  return plain
}
