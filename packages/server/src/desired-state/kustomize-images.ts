import type { FieldAddress } from '@tiphys/contract/desired-field.ts'
import {
  formatImageReference,
  IMAGE_TAG,
  type ImageReference,
  parseImageReference,
} from '@tiphys/contract/image-reference.ts'
import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { scalarSource, scalarText } from './yaml-scalar.ts'
import { chooseDocument, type Invalid, invalid, openYaml, type YamlSource } from './yaml-source.ts'
import {
  addItem,
  addKey,
  cutLines,
  endOf,
  insertLines,
  removeItem,
  removeKey,
  replaceScalar,
  type Spliced,
  splice,
  startOfLine,
} from './yaml-splice.ts'

type Address = Extract<FieldAddress, { kind: 'kustomize-image' }>
type Map = YAMLMap<Node, Node | null>
type Entry = Pair<Node, Node | null>

/** The keys of an entry in `images:` (kustomize api/types/image.go) that say what runs. */
const KEYS = ['newName', 'newTag', 'digest'] as const
type Key = (typeof KEYS)[number]

export function readImage(
  text: string,
  address: Address,
): { code: 'value'; value: string | null } | Invalid {
  const found = findImage(text, address)
  if (found.code === 'invalid') return found
  const { entry } = found
  if (entry === undefined) return { code: 'value', value: null }
  const values = entryValues(entry)
  if (address.part === 'tag') return { code: 'value', value: values.newTag ?? null }
  return {
    code: 'value',
    value: formatImageReference({
      name: values.newName ?? address.image,
      ...(values.newTag === undefined ? {} : { tag: values.newTag }),
      ...(values.digest === undefined ? {} : { digest: values.digest }),
    }),
  }
}

/** Writes an image; the entry is added when it is missing. Null takes the entry out, and `images:` with the last one. */
export function writeImage(text: string, address: Address, value: string | null): Spliced {
  const found = findImage(text, address)
  if (found.code === 'invalid') return found
  if (value === null && address.part === 'reference') return removeImage(found)
  const wanted = wantedValues(found, address, value)
  if (wanted.code === 'invalid') return wanted
  if (found.entry === undefined) return addImage(found, address, wanted.values)
  return editEntry(text, address, wanted.values)
}

type Found = {
  readonly code: 'found'
  readonly source: YamlSource
  readonly root: Map | undefined
  readonly pair?: Entry
  readonly list?: YAMLSeq
  readonly entry?: Map
  readonly index: number
}

function findImage(text: string, address: Address): Found | Invalid {
  const opened = openYaml(text)
  if (opened.code === 'invalid') return opened
  const { source } = opened
  if (source.documents.every((document) => document.contents === null)) {
    return { code: 'found', source, root: undefined, index: -1 }
  }
  const chosen = chooseDocument(source, undefined)
  if (chosen.code === 'invalid') return chosen
  const root = chosen.document.contents
  if (!isMap(root)) return invalid('is no kustomization: a map is expected')
  const map = root as Map
  const pair = pairOf(map, 'images')
  const list = pair?.value
  const base = {
    code: 'found',
    source,
    root: map,
    index: -1,
    ...(pair === undefined ? {} : { pair }),
  } as const
  if (list === undefined || list === null || (isScalar(list) && list.value === null)) return base
  if (!isSeq(list)) return invalid('has something else than a list under images')
  const entries = list.items.map((item) => (isMap(item) ? (item as Map) : undefined))
  const index = entries.findIndex((entry) => entry !== undefined && nameOf(entry) === address.image)
  const again = entries.findLastIndex(
    (entry) => entry !== undefined && nameOf(entry) === address.image,
  )
  if (index !== again) return invalid(`has two entries for the image ${address.image}`)
  const entry = entries[index]
  return { ...base, list, index, ...(entry === undefined ? {} : { entry }) }
}

function pairOf(map: Map, key: string): Entry | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

function textOf(map: Map, key: string): string | undefined {
  const value = pairOf(map, key)?.value
  return isScalar(value) ? (scalarText(value) ?? undefined) : undefined
}

function nameOf(entry: Map): string | undefined {
  return textOf(entry, 'name')
}

type Values = { readonly [key in Key]?: string | undefined }

function entryValues(entry: Map): Values {
  return Object.fromEntries(KEYS.map((key) => [key, textOf(entry, key)]))
}

/** What the three keys hold afterwards; undefined = the key is not there. */
function wantedValues(
  found: Found,
  address: Address,
  value: string | null,
): { code: 'values'; values: Values } | Invalid {
  const old = found.entry === undefined ? {} : entryValues(found.entry)
  if (address.part === 'tag') {
    if (value !== null && !IMAGE_TAG.test(value))
      return invalid(`takes an image tag, not ${JSON.stringify(value)}`)
    if (old.digest !== undefined) {
      return invalid(`pins the image ${address.image} by digest, so a new tag would change nothing`)
    }
    return { code: 'values', values: { ...old, newTag: value ?? undefined } }
  }
  const reference = value === null ? undefined : parseImageReference(value)
  if (reference === undefined)
    return invalid(`takes an image reference, not ${JSON.stringify(value)}`)
  return { code: 'values', values: referenceValues(reference, old, address.image) }
}

/** newName is written when it says something: another name, or the entry has one already. */
function referenceValues(reference: ImageReference, old: Values, image: string): Values {
  const named = reference.name !== image || old.newName !== undefined
  return {
    newName: named ? reference.name : undefined,
    newTag: reference.tag,
    digest: reference.digest,
  }
}

/** One key after the other, each on the freshly parsed text: places move with every splice. */
function editEntry(text: string, address: Address, values: Values): Spliced {
  let current = text
  // Added before removed, so that the entry never passes through a state with too few keys.
  const order = [...KEYS].sort(
    (a, b) => Number(values[a] === undefined) - Number(values[b] === undefined),
  )
  for (const key of order) {
    const found = findImage(current, address)
    if (found.code === 'invalid') return found
    if (found.entry === undefined)
      return invalid(`lost the image ${address.image} while it was edited`)
    const changed = editKey(found.source, found.entry, key, values[key])
    if (changed.code === 'invalid') return changed
    current = changed.text
  }
  return { code: 'text', text: current }
}

function editKey(source: YamlSource, entry: Map, key: Key, text: string | undefined): Spliced {
  const pair = pairOf(entry, key)
  const value = pair?.value
  if (isScalar(value) && value.anchor !== undefined && scalarText(value) !== text) {
    return invalid(
      `has the anchor &${value.anchor} at ${key}, so a change would touch other places`,
    )
  }
  if (text === undefined) {
    return pair === undefined ? { code: 'text', text: source.text } : removeKey(source, entry, pair)
  }
  if (pair === undefined) return addKey(source, entry, key, { text, string: true })
  if (!isScalar(value)) return invalid(`has something else than text under ${key}`)
  if (scalarText(value) === text) return { code: 'text', text: source.text }
  return replaceScalar(source, value, pair, { text, string: true }, entry.flow === true)
}

function addImage(found: Found, address: Address, values: Values): Spliced {
  const { source, root, pair, list } = found
  const written: [string, string][] = [['name', address.image]]
  for (const key of KEYS) {
    const text = values[key]
    if (text !== undefined) written.push([key, text])
  }
  const lines = written.map(
    ([key, text], index) =>
      `${index === 0 ? '- ' : '  '}${key}: ${scalarSource(text, { flow: false })}`,
  )
  const flow = `{${written.map(([key, text]) => `${key}: ${JSON.stringify(text)}`).join(', ')}}`
  if (list !== undefined) return addItem(source, list, lines, flow)
  if (pair !== undefined) return insertLines(source, endOf(pair), lines)
  if (root?.flow === true)
    return invalid('is written in one line without images; add an images list first')
  const indent = ' '.repeat(root === undefined ? 0 : listIndent(source, root))
  const block = ['images:', ...lines.map((line) => indent + line)]
  const last = root?.items.at(-1)
  return insertLines(source, last === undefined ? source.text.length : endOf(last), block)
}

/** How far the file indents the lists of its top keys: Kustomize itself writes them without, many people with two spaces. */
function listIndent(source: YamlSource, root: Map): number {
  for (const { value } of root.items) {
    const start = isSeq(value) && value.flow !== true ? value.range?.[0] : undefined
    if (start !== undefined) return start - startOfLine(source, start)
  }
  return 0
}

function removeImage(found: Found): Spliced {
  const { source, list, pair, index, entry } = found
  if (entry === undefined || list === undefined || pair === undefined) {
    return { code: 'text', text: source.text }
  }
  if (list.items.length > 1) return removeItem(source, list, index)
  if (list.flow === true) {
    const range = list.range
    return range
      ? splice(source, range[0] + 1, range[1] - 1, '')
      : invalid('has a list whose place is not known')
  }
  const start = pair.key.range?.[0]
  if (start === undefined || found.root?.flow === true)
    return invalid('has images in a form that is not removed')
  return cutLines(source, startOfLine(source, start), endOf(pair))
}
