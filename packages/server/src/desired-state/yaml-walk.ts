import type { PathStep } from '@tiphys/contract/desired-field.ts'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'
import { type Invalid, invalid } from './yaml-source.ts'

/** Where a path leads in a document. */
export type Walked =
  | {
      readonly code: 'found'
      readonly node: Node
      /** The map entry that holds the node; absent in lists. */
      readonly pair?: Pair<Node, Node | null>
      readonly map?: YAMLMap<Node, Node | null>
      /** The way there passed an alias (`*base`): what stands there belongs to another place as well. */
      readonly shared: boolean
    }
  /** `map` is the last map on the way; `last` says that only the last key is missing in it. */
  | {
      readonly code: 'absent'
      readonly map?: YAMLMap<Node, Node | null>
      readonly missing: string
      readonly last: boolean
      readonly shared: boolean
    }
  | Invalid

export function walk(document: Document, steps: readonly PathStep[]): Walked {
  let found: Extract<Walked, { code: 'found' }> | undefined
  let node: Node | null = document.contents
  let shared = false
  for (const [index, step] of steps.entries()) {
    if (isAlias(node)) {
      shared = true
      node = node.resolve(document) ?? null
    }
    const last = index === steps.length - 1
    if (node === null || (isScalar(node) && node.value === null)) {
      return { code: 'absent', missing: stepName(step), last: false, shared }
    }
    const next: Walked = take(node, step)
    if (next.code === 'invalid') return next
    if (next.code === 'absent') return { ...next, last, shared }
    found = { ...next, shared }
    node = next.node
  }
  return found ?? invalid('has no such path')
}

function take(node: Node, step: PathStep): Walked {
  if (step.step === 'key') return takeKey(node, step.key)
  if (!isSeq(node)) return invalid(`has ${kindOf(node)} where ${stepName(step)} expects a list`)
  const items = node.items as (Node | Pair)[]
  if (step.step === 'index') {
    const item = items[step.index]
    return item === undefined || !('range' in item) ? absent(stepName(step)) : here(item)
  }
  const matching = items.filter((item): item is YAMLMap<Node, Node | null> => {
    const value = isMap(item) ? item.get(step.key, true) : undefined
    return isScalar(value) && String(value.value) === step.equals
  })
  const [only] = matching
  if (only === undefined) return absent(stepName(step))
  return matching.length === 1
    ? here(only)
    : invalid(`has ${matching.length} list entries with ${step.key} ${step.equals}`)
}

function takeKey(node: Node, key: string): Walked {
  if (!isMap(node)) return invalid(`has ${kindOf(node)} where the key ${key} is looked for`)
  const map = node as YAMLMap<Node, Node | null>
  const pair = map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
  if (pair === undefined) return { code: 'absent', map, missing: key, last: false, shared: false }
  if (pair.value === null) return invalid(`has the key ${key} in a form that is not edited`)
  return { code: 'found', node: pair.value, pair, map, shared: false }
}

function here(node: Node): Walked {
  return { code: 'found', node, shared: false }
}

function absent(missing: string): Walked {
  return { code: 'absent', missing, last: false, shared: false }
}

function stepName(step: PathStep): string {
  if (step.step === 'key') return step.key
  return step.step === 'index' ? `[${step.index}]` : `[${step.key}=${step.equals}]`
}

/** For messages. */
export function kindOf(node: Node): string {
  if (isMap(node)) return 'a map'
  if (isSeq(node)) return 'a list'
  return isAlias(node) ? 'an alias' : 'a plain value'
}
