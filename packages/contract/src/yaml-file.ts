import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import type { FilePath, Position, Problem } from './problem.ts'
import { didYouMean } from './suggestion.ts'
import { openUnions } from './union-findings.ts'
import { placeInText } from './yaml-text-place.ts'

/**
 * Reads a YAML (or JSON) file with a schema, and says what is wrong at file:line:column.
 *
 * `unknownKeys: 'warn'` is for Keptn's own files: what Keptn took, we take, so a key nobody knows is dropped
 * and reported as a warning. Our own files use 'error', so that a typing mistake cannot pass silently.
 */
export type YamlOptions = { readonly unknownKeys: 'error' | 'warn' }

export type YamlResult<T> =
  | {
      readonly ok: true
      readonly value: T
      readonly warnings: readonly Problem[]
      readonly at: Locate
      readonly within: LocateWithin
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Where a value of the file stands; the nearest existing ancestor when the path itself does not exist. */
export type Locate = (path: FilePath) => Position

/** Where a character of a text value stands, from 0; the place of the value where that cannot be told. */
export type LocateWithin = (path: FilePath, offset: number) => Position

/** Aliases a file may expand: enough for shared blocks, too few for a billion laughs. */
const MAX_ALIASES = 100
/** A configuration file larger than this is a mistake or an attack. */
export const MAX_FILE_CHARACTERS = 1_000_000
const MAX_PROBLEMS = 20

export function parseYaml<T>(
  schema: z.ZodType<T>,
  text: string,
  file: string,
  options: YamlOptions,
): YamlResult<T> {
  const read = readYaml(text, file, options.unknownKeys === 'warn' ? 'first' : 'only')
  if (!read.ok) return read
  const { at, within } = read
  let value = read.value
  const warnings: Problem[] = [...read.warnings]
  for (;;) {
    const result = schema.safeParse(value)
    if (result.success) return { ok: true, value: result.data, warnings, at, within }
    const issues = openUnions(result.error.issues)
    const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys')
    const others = issues.filter((issue) => issue.code !== 'unrecognized_keys')
    const tolerated = options.unknownKeys === 'warn' && unknown.length > 0
    for (const issue of unknown) {
      warnings.push(...unknownKeyProblems(issue, schema, file, at, tolerated ? 'warning' : 'error'))
    }
    if (others.length > 0 || !tolerated) {
      const problems = [...warnings, ...others.map((issue) => issueProblem(issue, file, at))]
      return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) }
    }
    for (const issue of unknown) value = withoutKeys(value, issue.path, issue.keys)
  }
}

export type YamlRead =
  | {
      readonly ok: true
      readonly value: unknown
      readonly warnings: readonly Problem[]
      readonly at: Locate
      readonly within: LocateWithin
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * The file as plain data, with the place of each value. Broken YAML and too many aliases are problems, and so are several documents
 * unless the `first` is what counts: Keptn read that one and never looked at what came behind it.
 */
export function readYaml(
  text: string,
  file: string,
  documents: 'only' | 'first' = 'only',
): YamlRead {
  if (text.length > MAX_FILE_CHARACTERS) {
    return failed(
      file,
      { line: 1, column: 1 },
      `the file has ${text.length} characters; at most ${MAX_FILE_CHARACTERS} are read`,
    )
  }
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    // YAML 1.1, but Keptn's reader knew it: `<<: *defaults` in an slo.yaml decides over weights and criteria.
    merge: true,
  })
  const several = document.errors.find(({ code }) => code === 'MULTIPLE_DOCS')
  const isTolerated = several !== undefined && documents === 'first'
  const error = document.errors.find((one) => !isTolerated || one !== several)
  if (error !== undefined) {
    const place = lines.linePos(error.pos[0])
    return failed(
      file,
      { line: place.line, column: place.col },
      `this is not valid YAML: ${yamlFault(error, text)}`,
    )
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    const warnings = isTolerated ? [ignoredDocuments(file, lines.linePos(several.pos[0]))] : []
    const at: Locate = (path) => locate(document, lines, path)
    const within: LocateWithin = (path, offset) => {
      const node = document.getIn(path, true)
      const place = isScalar(node) ? placeInText(node, text, lines, offset) : undefined
      return place ?? at(path)
    }
    return { ok: true, value, warnings, at, within }
  } catch (thrown) {
    // The library's words for too many aliases accuse whoever wrote the file.
    const message =
      thrown instanceof ReferenceError && thrown.message.startsWith('Excessive alias count')
        ? 'its aliases expand to more than is taken'
        : firstLine(thrown instanceof Error ? thrown.message : String(thrown))
    return failed(file, { line: 1, column: 1 }, `this YAML cannot be read: ${message}`)
  }
}

/** The library's words; a key that is there twice is named. */
function yamlFault(error: { code: string; message: string; pos: [number, number] }, text: string) {
  const key = /^["']?([\w.$ -]{1,60}?)["']?\s*:/.exec(text.slice(error.pos[0]))?.[1]
  if (error.code === 'DUPLICATE_KEY' && key !== undefined) return `the key ${key} is there twice`
  return firstLine(error.message)
}

function ignoredDocuments(file: string, place: { line: number; col: number }): Problem {
  const message = 'only what stands before this line is read: another YAML document begins here'
  return { severity: 'warning', file, line: place.line, column: place.col, message }
}

function failed(file: string, place: Position, message: string): YamlRead & { ok: false } {
  return { ok: false, problems: [{ severity: 'error', file, ...place, message }] }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}

function locate(document: Document, lines: LineCounter, path: FilePath): Position {
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(document, path.slice(0, length))
    if (node?.range) {
      const place = lines.linePos(node.range[0])
      return { line: Math.max(1, place.line), column: Math.max(1, place.col) }
    }
  }
  return { line: 1, column: 1 }
}

/** The key's own node for the last step into a map, so that an unknown or mistyped key is pointed at itself. */
function nodeAt(document: Document, path: FilePath) {
  const last = path.at(-1)
  const parent = path.length === 0 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (path.length === 0) return isNode(parent) ? parent : undefined
  if (isMap(parent)) {
    const pair = parent.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last),
    )
    return pair && isNode(pair.key) ? pair.key : undefined
  }
  const node = document.getIn(path, true)
  return isNode(node) ? node : undefined
}

type Issue = z.core.$ZodIssue

function issueProblem(issue: Issue, file: string, at: Locate): Problem {
  const path = plainPath(issue.path)
  const where = path.length === 0 ? '' : `${path.join('.')}: `
  return { severity: 'error', file, ...at(path), message: `${where}${sentence(issue)}` }
}

const UNION_WITHOUT_WORDS = 'Invalid input'

/** The validator's findings in the words of the file. */
function sentence(issue: Issue): string {
  const plain = lowerFirst(issue.message.replace(/^Invalid input: /, ''))
  if (issue.code === 'invalid_type') {
    return issue.message.endsWith('received undefined')
      ? `is missing (expected ${nameOf(issue.expected)})`
      : plain.replace(/\b(object|record|array|int)\b/g, (word) => nameOf(word))
  }
  if (issue.code === 'invalid_value' && issue.values.length > 1) {
    return `expected one of ${issue.values.map(String).join(', ')}`
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return sizeSentence(issue) ?? plain
  if (issue.code === 'invalid_union') {
    // A choice that says itself what it expects says it better than all of its parts.
    if (issue.message !== UNION_WITHOUT_WORDS) return plain
    const nested = issue.errors.flat().map((one) => sentence(one))
    if (nested.length > 0) return [...new Set(nested)].join(', or ')
  }
  return plain
}

/** YAML's words for what JavaScript calls otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  object: 'map',
  record: 'map',
  array: 'list',
  int: 'whole number',
}

function nameOf(type: string): string {
  return NAMES[type] ?? type
}

const COUNTED: Readonly<Record<string, string>> = { array: 'entries', string: 'characters' }

function sizeSentence(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>) {
  const counted = COUNTED[issue.origin]
  if (counted === undefined) return undefined
  if (issue.code === 'too_big') return `has more than ${issue.maximum} ${counted}`
  return issue.minimum === 1 ? 'is empty' : `has fewer than ${issue.minimum} ${counted}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function unknownKeyProblems(
  issue: Extract<Issue, { code: 'unrecognized_keys' }>,
  schema: z.ZodType,
  file: string,
  at: Locate,
  severity: Problem['severity'],
): Problem[] {
  const path = plainPath(issue.path)
  return issue.keys.map((key) => {
    const meant = didYouMean(key, knownKeys(schema, path))
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    const place = path.length === 0 ? '' : ` in ${path.join('.')}`
    return { severity, file, ...at([...path, key]), message: `unknown key ${key}${place}${hint}` }
  })
}

function plainPath(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step))
}

/** The keys that a schema knows at a path, for suggestions; empty where the path leads through something else than objects and lists. */
function knownKeys(schema: z.ZodType, path: FilePath): string[] {
  let current: unknown = schema
  for (const step of path) current = stepInto(unwrap(current), step)
  const shape = shapeOf(unwrap(current))
  return shape === undefined ? notedKeys(current) : Object.keys(shape)
}

type Definition = {
  readonly innerType?: unknown
  readonly in?: unknown
  readonly element?: unknown
  readonly valueType?: unknown
  readonly shape?: Record<string, unknown>
  readonly getter?: () => unknown
  readonly options?: readonly unknown[]
}

function definitionOf(schema: unknown): Definition | undefined {
  return (schema as { def?: Definition } | undefined)?.def
}

function unwrap(schema: unknown): unknown {
  let current = schema
  for (;;) {
    const definition = definitionOf(current)
    const inner = definition?.innerType ?? definition?.in ?? definition?.getter?.()
    if (inner === undefined) return current
    current = inner
  }
}

/** Keys that a schema names by itself (`.meta({ keys })`), because they are read in a second step. */
function notedKeys(schema: unknown): string[] {
  let current = schema
  while (current instanceof z.ZodType) {
    const keys = z.globalRegistry.get(current)?.['keys']
    if (Array.isArray(keys)) return keys.map(String)
    current = definitionOf(current)?.innerType
  }
  return []
}

function stepInto(schema: unknown, step: string | number): unknown {
  for (const choice of choicesOf(schema)) {
    const definition = definitionOf(choice)
    const found =
      typeof step === 'number'
        ? definition?.element
        : (definition?.shape?.[step] ?? definition?.valueType)
    if (found !== undefined) return found
  }
  return undefined
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  return choicesOf(schema)
    .map((choice) => definitionOf(choice)?.shape)
    .find((shape) => shape !== undefined)
}

function choicesOf(schema: unknown): readonly unknown[] {
  return definitionOf(schema)?.options?.map(unwrap) ?? [schema]
}

function withoutKeys(
  value: unknown,
  path: readonly PropertyKey[],
  keys: readonly string[],
): unknown {
  const [step, ...rest] = path
  if (step === undefined) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === step ? withoutKeys(item, rest, keys) : item))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === step ? withoutKeys(inner, rest, keys) : inner,
    ]),
  )
}
