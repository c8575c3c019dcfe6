/** A container image as deployments name it: `ghcr.io/acme/carts:1.4`, `carts@sha256:…`. */
export type ImageReference = {
  /** Registry and repository, as written. */
  readonly name: string
  readonly tag?: string
  /** `sha256:…` */
  readonly digest?: string
}

const MAX_REFERENCE_CHARACTERS = 512
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/
const PATH_PART = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/
export const IMAGE_TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
export const IMAGE_DIGEST = /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/

/**
 * Reads `[host[:port]/]path[:tag][@digest]`; undefined when the text is anything else. The grammar is that of the
 * distribution project (`reference/regexp.go`): small letters in the path, any host, tags up to 128 characters.
 */
export function parseImageReference(text: string): ImageReference | undefined {
  if (text.length > MAX_REFERENCE_CHARACTERS) return undefined
  const at = text.indexOf('@')
  const digest = at === -1 ? undefined : text.slice(at + 1)
  if (digest !== undefined && !IMAGE_DIGEST.test(digest)) return undefined
  const tagged = at === -1 ? text : text.slice(0, at)
  const colon = tagged.lastIndexOf(':')
  const hasTag = colon > tagged.lastIndexOf('/')
  const tag = hasTag ? tagged.slice(colon + 1) : undefined
  if (tag !== undefined && !IMAGE_TAG.test(tag)) return undefined
  const name = hasTag ? tagged.slice(0, colon) : tagged
  if (!isImageName(name)) return undefined
  return {
    name,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

export function formatImageReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`
  return `${reference.name}${tag}${digest}`
}

/** Registry and repository without tag and digest. */
export function isImageName(name: string): boolean {
  const parts = name.split('/')
  const [first = ''] = parts
  const path =
    parts.length > 1 && HOST.test(first) && !PATH_PART.test(first) ? parts.slice(1) : parts
  return name.length <= MAX_REFERENCE_CHARACTERS && path.every((part) => PATH_PART.test(part))
}
