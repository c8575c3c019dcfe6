import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'
import { z } from 'zod'

/** What a reader of ours takes, before it fills in defaults and turns texts into values. Without `$schema`. */
export function plainSchema(schema: z.ZodType): JsonObject {
  const made: unknown = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
  })
  // The library's type has getters of its own beside the data; what it prints is plain.
  const { $schema: _, ...rest } = JSON.parse(JSON.stringify(made)) as JsonObject
  return withoutNoise(rest)
}

/** Bounds of whole numbers and of names of keys that say nothing to a reader. */
function withoutNoise(schema: JsonObject): JsonObject {
  const kept: Record<string, Json> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'maximum' && value === Number.MAX_SAFE_INTEGER) continue
    if (key === 'propertyNames' && JSON.stringify(value) === '{"type":"string"}') continue
    kept[key] = withoutNoiseIn(value)
  }
  return kept
}

function withoutNoiseIn(value: Json): Json {
  if (Array.isArray(value)) return value.map((one: Json) => withoutNoiseIn(one))
  return isJsonObject(value) ? withoutNoise(value) : value
}
