import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import { type Refusal, refuse } from '../answer.ts'

/**
 * The resource a path means. Clients write it with Go's QueryEscape: `/` is `%2F` and a space is `+`, so the path is read as it came
 * and not as the router decoded it. Slashes that nobody encoded are taken too.
 */
const RESOURCE_PATH =
  /\/resource-service\/+v1\/+project\/+[^/]+\/+(?:stage\/+[^/]+\/+(?:service\/+[^/]+\/+)?)?resource\/+(.*)$/

export type ResourceUri = { readonly ok: true; readonly uri: string } | Refusal

export function resourceUriOfPath(url: string): ResourceUri {
  const path = url.split('?', 1)[0] ?? ''
  const escaped = RESOURCE_PATH.exec(path)?.[1] ?? ''
  try {
    return checkResourceUri(decodeURIComponent(escaped.replaceAll('+', ' ')))
  } catch {
    return refuse(
      'invalid',
      `resourceURI ${JSON.stringify(shortened(escaped))} is not valid URL encoding`,
    )
  }
}

/** A leading slash is dropped, as Keptn did; whatever could leave the place of the resource is refused. */
export function checkResourceUri(text: string): ResourceUri {
  const uri = text.replace(/^\/+/, '')
  const dotted = uri.includes('~') || uri.includes('..') ? 'must not contain ~ or ..' : undefined
  const fault = dotted ?? repositoryPathFault(uri)
  if (fault === undefined) return { ok: true, uri }
  return refuse('invalid', `resourceURI ${JSON.stringify(shortened(text))} ${fault}`)
}

const SHOWN_CHARACTERS = 80

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}
