import type { ResolvedField } from './argocd-mapping.ts'
import { fieldName } from './desired-field.ts'
import { IMAGE_TAG, parseImageReference } from './image-reference.ts'
import { isJsonObject, type Json, type JsonObject } from './json.ts'

/** What an event wants written, field by field. */
export type DeployedValues =
  | {
      readonly code: 'values'
      readonly edits: readonly {
        readonly file: string
        readonly field: ResolvedField['field']
        readonly value: string
      }[]
      /** Names that the event supplies no value for; their fields stay as they are. */
      readonly missing: readonly string[]
    }
  /** A value is not what its field takes. One sentence, with the value shortened. */
  | { readonly code: 'refused'; readonly message: string }

/** What a value may consist of: nothing that a template engine, a shell or YAML reads as its own. */
const PLAIN_VALUE = /^[A-Za-z0-9][A-Za-z0-9._:/@+=,-]{0,255}$/
const SHOWN_CHARACTERS = 60

/**
 * Turns `data.configurationChange.values` of an event (Keptn's CLI sends `image` there, and `--values`) into changes of the fields
 * that `argocd.yaml` lists. An event supplies values, and only the named ones; where they go was decided before (behaviour.md 5).
 *
 * A value is found under its name (`values["image.tag"]`), or nested (`values.image.tag`), or, for a name that ends in `.tag`,
 * `.name` or `.digest`, as that part of the image reference under the name before it (`image` = `ghcr.io/acme/carts:1.4`).
 */
export function deployedValues(fields: readonly ResolvedField[], data: JsonObject): DeployedValues {
  const values = suppliedValues(data)
  const edits: { file: string; field: ResolvedField['field']; value: string }[] = []
  const missing = new Set<string>()
  for (const field of fields) {
    const found = suppliedText(values, field.value)
    if (found.code === 'refused') return found
    if (found.code === 'missing') {
      missing.add(field.value)
      continue
    }
    const fault = fitFault(field, found.text)
    if (fault !== undefined) {
      return refused(
        field.value,
        found.text,
        `${fault} (${fieldName(field.field)} in ${field.file})`,
      )
    }
    edits.push({ file: field.file, field: field.field, value: found.text })
  }
  return { code: 'values', edits, missing: [...missing] }
}

function suppliedValues(data: JsonObject): JsonObject {
  const change = data['configurationChange']
  const values = isJsonObject(change) ? change['values'] : undefined
  return isJsonObject(values) ? values : {}
}

type Found =
  | { readonly code: 'found'; readonly text: string }
  | { readonly code: 'missing' }
  | { readonly code: 'refused'; readonly message: string }

function suppliedText(values: JsonObject, name: string): Found {
  const supplied = lookUp(values, name)
  if (supplied !== undefined && supplied !== null && supplied !== '' && !isJsonObject(supplied)) {
    return plainText(name, supplied)
  }
  return isJsonObject(supplied)
    ? refused(name, '', 'is an object; one value is expected')
    : partOf(values, name)
}

/** Own properties only: a value called `constructor` is one that somebody sent, or none. */
function lookUp(values: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(values, name)) return values[name]
  let current: Json | undefined = values
  for (const step of name.split('.')) {
    if (!isJsonObject(current) || !Object.hasOwn(current, step)) return undefined
    current = current[step]
  }
  return current
}

function plainText(name: string, value: Json): Found {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return refused(name, '', 'is a list; one value is expected')
  }
  const text = String(value)
  if (!PLAIN_VALUE.test(text)) {
    return refused(
      name,
      text,
      'is not a plain value: letters, digits and . _ : / @ + = , - are taken',
    )
  }
  return { code: 'found', text }
}

/** A part of an image reference that was supplied whole. */
function partOf(values: JsonObject, name: string): Found {
  const dot = name.lastIndexOf('.')
  const part = name.slice(dot + 1)
  if (dot === -1 || !(part === 'tag' || part === 'name' || part === 'digest'))
    return { code: 'missing' }
  const whole = suppliedText(values, name.slice(0, dot))
  if (whole.code !== 'found') return whole
  const reference = parseImageReference(whole.text)
  if (reference === undefined) {
    return refused(
      name.slice(0, dot),
      whole.text,
      'is not an image reference like ghcr.io/acme/carts:1.4',
    )
  }
  const text = reference[part]
  if (text === undefined) {
    return refused(name.slice(0, dot), whole.text, `has no ${part}, and argocd.yaml writes ${name}`)
  }
  return { code: 'found', text }
}

/** Why a text does not belong into the field it is meant for. */
function fitFault({ field, value }: ResolvedField, text: string): string | undefined {
  const isTag = field.kind === 'kustomize-image' ? field.part === 'tag' : value.endsWith('.tag')
  if (isTag) {
    return IMAGE_TAG.test(text) ? undefined : 'is not an image tag'
  }
  if (field.kind !== 'kustomize-image' && value !== 'image') return undefined
  const reference = parseImageReference(text)
  if (reference === undefined) return 'is not an image reference like ghcr.io/acme/carts:1.4'
  if (reference.tag === undefined && reference.digest === undefined) {
    return 'has neither tag nor digest, so it names no version to deploy'
  }
  return undefined
}

function refused(name: string, text: string, what: string): { code: 'refused'; message: string } {
  const short = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
  const shown = text === '' ? '' : ` ${JSON.stringify(short)}`
  return { code: 'refused', message: `configurationChange.values.${name}${shown} ${what}` }
}
