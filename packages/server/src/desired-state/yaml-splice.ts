import {
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { isBlockScalar, scalarSource } from './yaml-scalar.ts'
import { type Invalid, invalid, placeOf, type YamlSource } from './yaml-source.ts'

type Map = YAMLMap<Node, Node | null>
type Entry = Pair<Node, Node | null>

/** The text after a change of one place. */
export type Spliced = { readonly code: 'text'; readonly text: string } | Invalid

export type NewValue = {
  readonly text: string
  /** The value is a string to whoever reads it (image tags). */
  readonly string?: boolean
}

/** Replaces one scalar by another. Its tag, anchor, comment and quotes stay. */
export function replaceScalar(
  source: YamlSource,
  node: Scalar,
  pair: Entry | undefined,
  value: NewValue,
  flow: boolean,
): Spliced {
  const range = node.range
  if (!range) return invalid('has a value whose place is not known')
  if (isBlockScalar(node)) {
    return invalid(
      `has a block of text at ${placeOf(source, range[0])}; only values on one line are edited`,
    )
  }
  if (node.tag !== undefined && node.tag !== 'tag:yaml.org,2002:str') {
    return invalid(
      `has a value with the tag ${node.tag} at ${placeOf(source, range[0])}, which is not edited`,
    )
  }
  const written = scalarSource(value.text, {
    flow,
    old: node,
    string: value.string === true || node.tag !== undefined,
  })
  if (range[1] > range[0]) return splice(source, range[0], range[1], written)
  const colon = pair === undefined ? undefined : colonOf(pair)
  if (colon === undefined)
    return invalid(`has an empty value at ${placeOf(source, range[0])}, which is not edited`)
  return splice(source, colon + 1, colon + 1, ` ${written}`)
}

/** Adds a key at the end of a map. */
export function addKey(source: YamlSource, map: Map, key: string, value: NewValue): Spliced {
  const { items } = map
  const last = items.at(-1)
  const name = keySource(key, last)
  if (map.flow) {
    const written = `${name}: ${scalarSource(value.text, { flow: true, ...stringOf(value) })}`
    return addToFlow(source, map, written)
  }
  const first = items[0]?.key.range?.[0]
  const end = last === undefined ? undefined : endOf(last)
  if (first === undefined || end === undefined)
    return invalid('has a map that no key can be added to')
  const written = `${name}: ${scalarSource(value.text, { flow: false, ...stringOf(value) })}`
  return insertLines(source, end, [' '.repeat(columnOf(source, first)) + written])
}

/** Takes a key with its value and line out of a map; the map must keep another key. */
export function removeKey(source: YamlSource, map: Map, pair: Entry): Spliced {
  const index = map.items.indexOf(pair)
  const start = pair.key.range?.[0]
  if (start === undefined || map.items.length < 2) {
    return invalid('has the field as the only key of its map, so it is not removed')
  }
  if (map.flow) return removeFromFlow(source, map, index)
  const lineStart = startOfLine(source, start)
  if (source.text.slice(lineStart, start).trim() === '') {
    return cutLines(source, lineStart, endOf(pair))
  }
  // `- key: value`: the next key takes its place behind the dash.
  const next = map.items[index + 1]?.key.range?.[0]
  if (next === undefined) return invalid('has the field in a place that is not removed')
  const between = source.text.slice(nextLine(source, endOf(pair)), next)
  if (between.trim() !== '')
    return invalid('has a comment after the field that would be lost with it')
  return splice(source, start, next, '')
}

/** Adds lines below a list of maps, indented like its entries; `lines` are relative to the dash. */
export function addItem(
  source: YamlSource,
  list: YAMLSeq,
  lines: readonly string[],
  flow: string,
): Spliced {
  if (list.flow) return addToFlow(source, list, flow)
  const dash = dashOf(list, list.items.length - 1)
  const last = list.items.at(-1) as Node | undefined
  if (dash === undefined || last === undefined)
    return invalid('has a list that nothing can be added to')
  const indent = ' '.repeat(columnOf(source, dash))
  return insertLines(
    source,
    endOfNode(last),
    lines.map((line) => indent + line),
  )
}

/** Takes an entry with its lines out of a list; the list must keep another entry. */
export function removeItem(source: YamlSource, list: YAMLSeq, index: number): Spliced {
  if (list.flow) return removeFromFlow(source, list, index)
  const item = list.items[index] as Node | undefined
  const dash = dashOf(list, index)
  if (item === undefined || dash === undefined)
    return invalid('has a list entry that is not removed')
  const lineStart = startOfLine(source, dash)
  if (source.text.slice(lineStart, dash).trim() !== '') {
    return invalid(`has a list within a list at ${placeOf(source, dash)}, which is not edited`)
  }
  return cutLines(source, lineStart, endOfNode(item))
}

/** Puts lines below the line in which `offset` stands; at the end of a file without a last newline, none is left behind either. */
export function insertLines(source: YamlSource, offset: number, lines: readonly string[]): Spliced {
  const block = lines.join(source.newline)
  const at = nextLine(source, offset)
  const before = source.text.slice(0, at)
  if (before === '' || before.endsWith('\n')) return splice(source, at, at, block + source.newline)
  return splice(source, at, at, source.newline + block)
}

/** Removes whole lines; a file that ended without a newline ends without one again. */
export function cutLines(source: YamlSource, lineStart: number, lastOffset: number): Spliced {
  const end = nextLine(source, lastOffset)
  const openEnd = end === source.text.length && !source.text.endsWith('\n')
  const start = openEnd ? Math.max(0, lineStart - source.newline.length) : lineStart
  return splice(source, start, end, '')
}

export function splice(source: YamlSource, start: number, end: number, text: string): Spliced {
  return { code: 'text', text: source.text.slice(0, start) + text + source.text.slice(end) }
}

/** The offset of the line after the one in which `offset` stands; the end of the text when there is none. */
export function nextLine(source: YamlSource, offset: number): number {
  // A block of text and a block map end at the start of a line, which is behind them already.
  if (offset > 0 && source.text[offset - 1] === '\n') return offset
  const newline = source.text.indexOf('\n', offset)
  return newline === -1 ? source.text.length : newline + 1
}

/** Where what belongs to a map entry ends: on its last line, or at the start of the line behind a block of text. */
export function endOf(pair: Entry): number {
  const { value } = pair
  const colon = colonOf(pair)
  const keyEnd = (colon ?? pair.key.range?.[1] ?? 0) + 1
  return value === null ? keyEnd : Math.max(keyEnd, endOfNode(value))
}

function endOfNode(node: Node): number {
  if (isMap(node) && !node.flow) {
    const last = node.items.at(-1) as Entry | undefined
    if (last !== undefined) return endOf(last)
  }
  if (isSeq(node) && !node.flow) {
    const last = node.items.at(-1) as Node | undefined
    if (last !== undefined && 'range' in last) return endOfNode(last)
  }
  return node.range?.[1] ?? 0
}

export function startOfLine(source: YamlSource, offset: number): number {
  return source.text.lastIndexOf('\n', offset - 1) + 1
}

function columnOf(source: YamlSource, offset: number): number {
  return source.lines.linePos(offset).col - 1
}

function colonOf(pair: Entry): number | undefined {
  return (pair.srcToken as SourceToken | undefined)?.sep?.find(
    (token) => token.type === 'map-value-ind',
  )?.offset
}

function dashOf(list: YAMLSeq, index: number): number | undefined {
  const token = list.srcToken as { items?: readonly SourceToken[] } | undefined
  return token?.items?.[index]?.start?.find((part) => part.type === 'seq-item-ind')?.offset
}

type Part = { readonly type: string; readonly offset: number }
type SourceToken = { readonly start?: readonly Part[]; readonly sep?: readonly Part[] }

function addToFlow(source: YamlSource, collection: Map | YAMLSeq, written: string): Spliced {
  const range = collection.range
  const last = collection.items.at(-1) as Entry | Node | undefined
  if (!range) return invalid('has a collection whose place is not known')
  if (last === undefined) return splice(source, range[0] + 1, range[1] - 1, written)
  const end = 'key' in last ? endOf(last as Entry) : endOfNode(last as Node)
  return splice(source, end, end, `, ${written}`)
}

/** The entry goes with the comma before it, or, when it is the first, with the one behind it. */
function removeFromFlow(source: YamlSource, collection: Map | YAMLSeq, index: number): Spliced {
  const spans = (collection.items as (Entry | Node)[]).map(flowSpan)
  const own = spans[index]
  const before = spans[index - 1]
  const after = spans[index + 1]
  if (own === undefined) return invalid('has an entry whose place is not known')
  const start = before?.end ?? own.start
  const end = before === undefined ? (after?.start ?? own.end) : own.end
  if (source.text.slice(start, end).includes('#')) {
    return invalid('has a comment beside the field that would be lost with it')
  }
  return splice(source, start, end, '')
}

function flowSpan(item: Entry | Node): { start: number; end: number } {
  if ('key' in item) {
    const entry = item as Entry
    return { start: entry.key.range?.[0] ?? 0, end: endOf(entry) }
  }
  const node = item as Node
  return { start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 }
}

function keySource(key: string, sibling: Entry | undefined): string {
  const quoted =
    sibling !== undefined && isScalar(sibling.key) && sibling.key.type === 'QUOTE_DOUBLE'
  return quoted ? JSON.stringify(key) : scalarSource(key, { flow: true })
}

function stringOf(value: NewValue): { string?: boolean } {
  return value.string === undefined ? {} : { string: value.string }
}
