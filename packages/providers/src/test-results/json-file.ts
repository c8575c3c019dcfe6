import type { Position } from '@tiphys/contract/problem.ts'
import { readYaml } from '@tiphys/contract/yaml-file.ts'
import type { z } from 'zod'
import { ResultsFault, type ResultsReader, readerOf, START_OF_FILE } from './results-reader.ts'

/** All of it is in memory, several times over. */
const MAX_CHARACTERS = 32_000_000

/** A reader of a format that is one JSON value. `fold`, and `doubt` before it is parsed, throw ResultsFault. */
export function createJsonReader(
  file: string,
  fold: (value: unknown, text: string) => ReturnType<Parameters<typeof readerOf>[2]['finish']>,
  doubt: (text: string) => void = () => {},
): ResultsReader {
  const pieces: string[] = []
  return readerOf(file, MAX_CHARACTERS, {
    take: (text) => {
      pieces.push(text)
    },
    finish: () => {
      const text = pieces.join('')
      doubt(text)
      return fold(parseJson(text), text)
    },
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown)
    const short = words.replace(
      /(?:, (?:\.\.\.)?".*"(?:\.\.\.)?)? is not valid JSON$| at position \d+.*$/s,
      '',
    )
    const sentence = lowerFirst(short.replaceAll(/\p{Cc}/gu, escapeOf))
    throw new ResultsFault(`this is not valid JSON: ${sentence}`, placeOf(words, text))
  }
}

/** A character that nobody sees, as JSON writes it. */
function escapeOf(character: string): string {
  return JSON.stringify(character).slice(1, -1)
}

/** What the engine says of where it stopped: a position, or some characters of the text around it, or that the text ended. */
function placeOf(words: string, text: string): Position {
  const position = / at position (\d+)/.exec(words)?.[1]
  if (position !== undefined) return positionAt(text, Number(position))
  if (words.startsWith('Unexpected end')) return positionAt(text, text.length)
  const [, token = '', around = ''] =
    /^Unexpected token '(.)', (?:\.\.\.)?"([\s\S]*)"(?:\.\.\.)? is not valid JSON$/u.exec(words) ??
    []
  const at = around === '' ? -1 : text.indexOf(around)
  if (at < 0) return START_OF_FILE
  return positionAt(
    text,
    Math.max(at, text.indexOf(token, at + (at === 0 ? 0 : CONTEXT_CHARACTERS))),
  )
}

/** So many characters the engine shows before the one it did not expect. */
const CONTEXT_CHARACTERS = 10

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}

/** The value as a schema has it, or a fault at the place of what is wrong. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, text: string, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = (issue?.path ?? []).map((step) => (typeof step === 'number' ? step : String(step)))
  const where = path.length === 0 ? '' : ` at ${path.join('.')}`
  const words = lowerFirst(issue?.message.replace(/^Invalid input: /, '') ?? 'not as expected')
  const place = text.length <= MAX_LOCATED_CHARACTERS ? locate(text, path) : START_OF_FILE
  throw new ResultsFault(`is no ${what}${where}: ${words}`, place)
}

/** JSON is read a second time to find a place in it; not when that would take seconds. */
const MAX_LOCATED_CHARACTERS = 200_000

function locate(text: string, path: (string | number)[]): Position {
  const read = readYaml(text, '')
  return read.ok ? read.at(path) : START_OF_FILE
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
