import type { Json, JsonObject } from '@tiphys/contract/json.ts'
import { JSON_BODY, type QueryLanguage } from '@tiphys/core/evaluation/query-language.ts'
import { expandQuery } from '@tiphys/core/evaluation/sli-query.ts'
import type { z } from 'zod'
import type { Asked } from './http-sli.ts'
import { failure, type SliFailure } from './reading.ts'

export type Options<Value> = { readonly ok: true; readonly value: Value } | SliFailure

/**
 * `with:` of an indicator, its placeholders filled in. A text is a value of its own, which no placeholder can leave; texts in a query
 * language are named in `languages` by the option that holds them.
 */
export function readOptions<Schema extends z.ZodType>(
  schema: Schema,
  { sli, request }: Pick<Asked, 'sli' | 'request'>,
  languages: Readonly<Record<string, QueryLanguage>> = {},
): Options<z.infer<Schema>> {
  const filled: Record<string, Json> = {}
  for (const [name, given] of Object.entries(sli.with ?? {})) {
    const language = Object.hasOwn(languages, name) ? languages[name] : undefined
    const value = fill(given, (text) => fillText(text, request, language))
    if (!value.ok) return failure('query-unsafe', `with.${name}: ${value.message}`)
    filled[name] = value.value
  }
  const parsed = schema.safeParse(filled)
  if (parsed.success) return { ok: true, value: parsed.data }
  const [issue] = parsed.error.issues
  const place = ['with', ...(issue?.path.map(String) ?? [])].join('.')
  return failure('query-refused', `${place}: ${issue?.message ?? 'is not valid'}`)
}

type Filled<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string }

function fillText(
  text: string,
  { scope, window }: Asked['request'],
  language: QueryLanguage | undefined,
): Filled<string> {
  if (language !== undefined) {
    const expanded = expandQuery(text, scope, window, language)
    return expanded.ok ? { ok: true, value: expanded.query } : expanded
  }
  // As one literal of JSON, so that it takes any value and gives it back as it was.
  const expanded = expandQuery(JSON.stringify(text), scope, window, JSON_BODY)
  if (!expanded.ok) return expanded
  try {
    return { ok: true, value: JSON.parse(expanded.query) as string }
  } catch {
    const message = `a filter of slo.yaml does not fit into ${JSON.stringify(text)}`
    return { ok: false, message }
  }
}

/** Every text of a value filled in, however deep. */
function fill(value: Json, fillOne: (text: string) => Filled<string>): Filled<Json> {
  if (typeof value === 'string') return fillOne(value)
  if (typeof value !== 'object' || value === null) return { ok: true, value }
  const parts: (readonly [string, Json])[] = []
  for (const [key, part] of Object.entries(value)) {
    const filled = fill(part, fillOne)
    if (!filled.ok) return filled
    parts.push([key, filled.value])
  }
  if (Array.isArray(value)) return { ok: true, value: parts.map(([, part]) => part) }
  return { ok: true, value: Object.fromEntries(parts) satisfies JsonObject }
}
