import { type FieldAddress, fieldName, parseFieldPath } from '@tiphys/contract/desired-field.ts'
import { isAlias, isMap, isScalar, type Node } from 'yaml'
import type { FieldValue } from '../ports/desired-state.ts'
import { readImage, writeImage } from './kustomize-images.ts'
import { scalarText, valueFault } from './yaml-scalar.ts'
import { chooseDocument, type Invalid, invalid, openYaml, type YamlSource } from './yaml-source.ts'
import { addKey, removeKey, replaceScalar, type Spliced, splice } from './yaml-splice.ts'
import { kindOf, type Walked, walk } from './yaml-walk.ts'

export type FieldRead = { readonly code: 'value'; readonly value: FieldValue } | Invalid

/**
 * The value of a field in the text of a file; null when there is none. `invalid` when the file is no YAML, or the address leads through
 * something else than it says; its sentence begins with a verb, the name of the file goes before it.
 */
export function getField(text: string, address: FieldAddress): FieldRead {
  if (address.kind === 'kustomize-image') return readImage(text, address)
  const reached = reach(text, address)
  if (reached.code === 'invalid') return reached
  const { walked } = reached
  if (walked.code === 'absent') return { code: 'value', value: null }
  const node = isAlias(walked.node) ? walked.node.resolve(reached.document) : walked.node
  if (!isScalar(node)) return notPlain(address, node)
  return { code: 'value', value: scalarText(node) }
}

/**
 * The text with another value in one field; nothing else changes, not a byte of it. null removes a Helm value or an image, and
 * writes `null` at any other path. The result is read again: what cannot be changed exactly is `invalid`, never written.
 */
export function setField(text: string, address: FieldAddress, value: FieldValue): Spliced {
  const fault = value === null ? undefined : valueFault(value)
  if (fault !== undefined) return invalid(`keeps ${fieldName(address)}: ${fault}`)
  const current = getField(text, address)
  if (current.code === 'invalid') return current
  if (current.value === value) return { code: 'text', text }
  const changed =
    address.kind === 'kustomize-image'
      ? writeImage(text, address, value)
      : writeAtPath(text, address, value)
  if (changed.code === 'invalid') return changed
  const after = getField(changed.text, address)
  if (after.code === 'value' && after.value === value) return changed
  return invalid(`is written in a way in which ${fieldName(address)} cannot be changed safely`)
}

type PathAddress = Exclude<FieldAddress, { kind: 'kustomize-image' }>

function reach(text: string, address: PathAddress) {
  const path = parseFieldPath(address.path)
  if (path.code === 'invalid') return invalid(`cannot be asked: ${path.message}`)
  const opened = openYaml(text)
  if (opened.code === 'invalid') return opened
  const selector = address.kind === 'yaml-path' ? address.document : undefined
  const chosen = chooseDocument(opened.source, selector)
  if (chosen.code === 'invalid') return chosen
  const walked = walk(chosen.document, path.steps)
  if (walked.code === 'invalid') return walked
  return { code: 'reached', source: opened.source, document: chosen.document, walked } as const
}

function writeAtPath(text: string, address: PathAddress, value: FieldValue): Spliced {
  const reached = reach(text, address)
  if (reached.code === 'invalid') return reached
  const { source, walked } = reached
  if (walked.shared) {
    return invalid(
      `reaches ${fieldName(address)} through an alias, so a change would touch other places`,
    )
  }
  return walked.code === 'absent'
    ? writeAbsent(source, address, walked, value)
    : writeFound(source, address, walked, value)
}

function writeAbsent(
  source: YamlSource,
  address: PathAddress,
  walked: Extract<Walked, { code: 'absent' }>,
  value: FieldValue,
): Spliced {
  const { map } = walked
  if (address.kind !== 'helm-value' || map === undefined || !walked.last || value === null) {
    return invalid(`has no ${fieldName(address)}: ${walked.missing} is not there`)
  }
  return addKey(source, map, walked.missing, { text: value })
}

function writeFound(
  source: YamlSource,
  address: PathAddress,
  walked: Extract<Walked, { code: 'found' }>,
  value: FieldValue,
): Spliced {
  const { node, pair, map } = walked
  if (isAlias(node)) {
    const written = value === null ? 'null' : JSON.stringify(value)
    const range = node.range
    // The alias goes; what it pointed at stays as it is for the others.
    return range
      ? splice(source, range[0], range[1], written)
      : invalid('has an alias whose place is not known')
  }
  if (!isScalar(node)) return notPlain(address, node)
  if (node.anchor !== undefined) {
    return invalid(
      `has the anchor &${node.anchor} at ${fieldName(address)}, so a change would touch other places`,
    )
  }
  if (value === null) {
    if (address.kind === 'helm-value' && map !== undefined && pair !== undefined) {
      return removeKey(source, map, pair)
    }
    const range = node.range
    return range
      ? splice(source, range[0], range[1], 'null')
      : invalid('has a value whose place is not known')
  }
  return replaceScalar(
    source,
    node,
    pair,
    { text: value },
    map?.flow === true || inFlow(source, node),
  )
}

/** A list in one line, `[a, b]`, is known by what stands before its entries. */
function inFlow(source: YamlSource, node: Node): boolean {
  const before = source.text.slice(0, node.range?.[0] ?? 0).trimEnd()
  return before.endsWith('[') || before.endsWith(',') || before.endsWith('{')
}

function notPlain(address: FieldAddress, node: Node | undefined): Invalid {
  const kind = node === undefined || isMap(node) ? 'a map' : kindOf(node)
  return invalid(`has ${kind} at ${fieldName(address)}, where one value is expected`)
}
