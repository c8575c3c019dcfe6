/**
 * The address of one value in a file that Argo CD reads. Addresses come from `argocd.yaml` at a pinned commit, never from event
 * data (behaviour.md 5); they are plain JSON, so that a run can note which fields it changed.
 */
export type FieldAddress =
  /**
   * The entry of `images:` in a kustomization.yaml whose `name` is `image`. `reference`: the value is a whole image reference
   * (`ghcr.io/acme/carts:1.4`, `ghcr.io/acme/carts@sha256:…`), kept as newName, newTag and digest. `tag`: the value is newTag alone.
   */
  | {
      readonly kind: 'kustomize-image'
      readonly image: string
      readonly part: 'reference' | 'tag'
    }
  /** A value of a Helm values file. The last key of the path is added when only it is missing. */
  | { readonly kind: 'helm-value'; readonly path: string }
  /** Any value of any YAML file; it must be there already. Without `document` the file has exactly one. */
  | { readonly kind: 'yaml-path'; readonly path: string; readonly document?: DocumentSelector }

/** Which document of a file with several: the n-th (0-based), or the only one of that kind (and metadata.name). */
export type DocumentSelector =
  | { readonly index: number }
  | { readonly kind: string; readonly name?: string }

/** One step of a path: a key of a map, a 0-based place in a list, or the only list entry in which `key` has that value. */
export type PathStep =
  | { readonly step: 'key'; readonly key: string }
  | { readonly step: 'index'; readonly index: number }
  | { readonly step: 'entry'; readonly key: string; readonly equals: string }

export type FieldPath =
  | { readonly code: 'path'; readonly steps: readonly PathStep[] }
  | { readonly code: 'invalid'; readonly message: string }

/** Deeper than any manifest; a bound, so that a path is never a way to burn time. */
const MAX_STEPS = 32
const MAX_PATH_CHARACTERS = 512

const BARE_KEY = /^[A-Za-z0-9_$/-]+/
const INDEX = /^\[(\d{1,6})\]/
const QUOTED_KEY = /^\["([^"\\\p{Cc}]+)"\]/u
const ENTRY = /^\[([A-Za-z0-9_-]+)=([^\]"\p{Cc}]+)\]/u

/**
 * Reads a path: keys joined by dots, `[0]` for a place in a list, `[name=carts]` for the list entry with that value,
 * `["app.kubernetes.io/name"]` for a key with dots in it. `spec.template.spec.containers[name=carts].image`.
 */
export function parseFieldPath(path: string): FieldPath {
  if (path.length > MAX_PATH_CHARACTERS) {
    return invalid(path.slice(0, 40), `is longer than ${MAX_PATH_CHARACTERS} characters`)
  }
  const steps: PathStep[] = []
  let rest = path
  while (rest.length > 0 || steps.length === 0) {
    const next = nextStep(rest, steps.length === 0)
    if (next === undefined) {
      const column = path.length - rest.length + 1
      return invalid(
        path,
        `is not a path at character ${column}; write keys joined by dots, [0], [name=value] or ["a.key"]`,
      )
    }
    steps.push(next.step)
    if (steps.length > MAX_STEPS) return invalid(path, `has more than ${MAX_STEPS} steps`)
    rest = rest.slice(next.length)
  }
  return { code: 'path', steps }
}

function invalid(path: string, what: string): FieldPath {
  return { code: 'invalid', message: `path ${JSON.stringify(path)} ${what}` }
}

function nextStep(rest: string, first: boolean): { step: PathStep; length: number } | undefined {
  const quoted = QUOTED_KEY.exec(rest)
  if (quoted?.[1] !== undefined) {
    return { step: { step: 'key', key: quoted[1] }, length: quoted[0].length }
  }
  const index = INDEX.exec(rest)
  if (index?.[1] !== undefined) {
    return { step: { step: 'index', index: Number(index[1]) }, length: index[0].length }
  }
  const entry = ENTRY.exec(rest)
  if (entry?.[1] !== undefined && entry[2] !== undefined) {
    return {
      step: { step: 'entry', key: entry[1], equals: entry[2] },
      length: entry[0].length,
    }
  }
  const dot = first ? 0 : 1
  if (!first && rest[0] !== '.') return undefined
  const key = BARE_KEY.exec(rest.slice(dot))?.[0]
  return key === undefined ? undefined : { step: { step: 'key', key }, length: key.length + dot }
}

/** `image.tag`, `image ghcr.io/acme/carts`: how messages call a field. */
export function fieldName(field: FieldAddress): string {
  switch (field.kind) {
    case 'kustomize-image':
      return field.part === 'tag' ? `tag of image ${field.image}` : `image ${field.image}`
    case 'helm-value':
      return field.path
    case 'yaml-path':
      return field.document === undefined
        ? field.path
        : `${field.path} of ${documentName(field.document)}`
  }
}

export function documentName(document: DocumentSelector): string {
  if ('index' in document) return `document ${document.index}`
  return document.name === undefined ? document.kind : `${document.kind} ${document.name}`
}
