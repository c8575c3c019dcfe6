import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'

export type LogFormat = 'json' | 'text'

export type LogLine = {
  readonly timeMs: number
  readonly level: string
  readonly message: string
  /** Masked and bounded. */
  readonly data: Json
}

/** What says where a line belongs stands beside its message, so that a search need not know what else is in it. */
export const CONTEXT_FIELDS = [
  'context',
  'runId',
  'project',
  'stage',
  'service',
  'sequence',
  'task',
  'requestId',
  'traceId',
] as const

const WIDEST_LEVEL = 5

/** One line, without its line break. */
export function formatLine(line: LogLine, format: LogFormat): string {
  const { places, rest } = split(line.data)
  return format === 'json' ? jsonLine(line, places, rest) : textLine(line, places, rest)
}

function split(data: Json): { readonly places: JsonObject; readonly rest: Json | undefined } {
  if (typeof data !== 'object' || !isJsonObject(data)) return { places: {}, rest: data }
  const places: Record<string, Json> = {}
  const rest: Record<string, Json> = {}
  for (const [name, value] of Object.entries(data)) {
    const isPlace = CONTEXT_FIELDS.some((field) => field === name) && typeof value === 'string'
    if (isPlace) places[name] = value
    else rest[name] = value
  }
  return { places, rest: Object.keys(rest).length === 0 ? undefined : rest }
}

function jsonLine({ timeMs, level, message }: LogLine, places: JsonObject, rest?: Json): string {
  return JSON.stringify({
    time: new Date(timeMs).toISOString(),
    level,
    message,
    ...places,
    ...(rest === undefined ? {} : { data: rest }),
  })
}

/** `12:00:00.000 WARN  message  project=shop … instance=default`; the stack of an error follows on lines of its own. */
function textLine({ timeMs, level, message }: LogLine, places: JsonObject, rest?: Json): string {
  const time = new Date(timeMs).toISOString()
  const { pairs, stacks } = pairsOf(rest)
  const words = [...Object.entries(places).map(pairOf), ...pairs]
  const facts = words.length === 0 ? '' : `  ${words.join(' ')}`
  const said = oneLine(message)
  return [`${time} ${level.toUpperCase().padEnd(WIDEST_LEVEL)} ${said}${facts}`, ...stacks].join(
    '\n',
  )
}

function pairsOf(rest: Json | undefined): { pairs: string[]; stacks: string[] } {
  if (rest === undefined) return { pairs: [], stacks: [] }
  if (typeof rest !== 'object' || !isJsonObject(rest))
    return { pairs: [shownValue(rest)], stacks: [] }
  const pairs: string[] = []
  const stacks: string[] = []
  for (const [name, value] of Object.entries(rest)) {
    const stack = typeof value === 'object' && isJsonObject(value) ? value['stack'] : undefined
    if (typeof stack === 'string') stacks.push(`  ${name}: ${stack.replaceAll('\n', '\n  ')}`)
    else pairs.push(pairOf([name, value]))
  }
  return { pairs, stacks }
}

function pairOf([name, value]: [string, Json | undefined]): string {
  return `${name}=${shownValue(value ?? null)}`
}

const PLAIN = /^[\w.:/@+-]+$/

function shownValue(value: Json): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return PLAIN.test(value) ? value : JSON.stringify(value)
}

/** A message with line breaks in it (somebody else's words) must not look like two lines, nor move the cursor of a terminal. */
function oneLine(message: string): string {
  const hasControl = [...message].some((character) => character < ' ' || character === '\u007f')
  return hasControl ? JSON.stringify(message).slice(1, -1) : message
}
