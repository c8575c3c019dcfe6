import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'

/**
 * What a key of a file means, for whoever writes one in an editor, and what its checks ask for that zod cannot say in JSON Schema: a check
 * written as code leaves no trace there, so its pattern stands here, and a test holds the two together (file-schemas.property.test.ts).
 */
export type Annotation =
  | string
  | {
      readonly text: string
      /** Beside what the schema asks for. */
      readonly rules?: JsonObject
      /** Instead of what the schema asks for. */
      readonly instead?: JsonObject
      readonly examples?: readonly Json[]
    }

/** By path: `objectives[].sli`, `stages{}.queue` (`{}`: under any key). */
export type Annotations = Readonly<Record<string, Annotation>>

/** A JSON Schema with its annotations; those that lead nowhere are left out, and a test names them. */
export function annotated(schema: JsonObject, annotations: Annotations): JsonObject {
  let result: Json = schema
  for (const [path, annotation] of Object.entries(annotations)) {
    result = change(result, stepsOf(path), annotation) ?? result
  }
  return isJsonObject(result) ? result : {}
}

/** Paths of annotations whose key is gone. */
export function strayAnnotations(schema: JsonObject, annotations: Annotations): string[] {
  return Object.entries(annotations).flatMap(([path, annotation]) =>
    change(schema, stepsOf(path), annotation) === undefined ? [path] : [],
  )
}

function stepsOf(path: string): string[] {
  return path.split(/\.|(?=\[\])|(?=\{\})/).filter((step) => step !== '')
}

/** Undefined when the path does not lead through here. */
function change(schema: Json, steps: readonly string[], annotation: Annotation): Json | undefined {
  if (!isJsonObject(schema)) return undefined
  const [step, ...rest] = steps
  if (step === undefined) return noted(schema, annotation)
  const key = step === '[]' ? 'items' : step === '{}' ? 'additionalProperties' : undefined
  if (key !== undefined && Object.hasOwn(schema, key)) {
    const inner = change(schema[key] ?? null, rest, annotation)
    return inner === undefined ? undefined : { ...schema, [key]: inner }
  }
  const { properties } = schema
  if (key === undefined && isJsonObject(properties) && Object.hasOwn(properties, step)) {
    const inner = change(properties[step] ?? null, rest, annotation)
    return inner && { ...schema, properties: { ...properties, [step]: inner } }
  }
  return changeVariants(schema, steps, annotation)
}

/** Every variant through which the path leads. */
function changeVariants(
  schema: JsonObject,
  steps: readonly string[],
  annotation: Annotation,
): Json | undefined {
  const variants = schema['anyOf']
  if (!Array.isArray(variants)) return undefined
  const changed = variants.map((variant: Json) => change(variant, steps, annotation))
  if (changed.every((variant) => variant === undefined)) return undefined
  return { ...schema, anyOf: changed.map((variant, index) => variant ?? variants[index]) }
}

function noted(schema: JsonObject, annotation: Annotation): JsonObject {
  if (typeof annotation === 'string') return { description: annotation, ...schema }
  const { text, rules = {}, instead, examples } = annotation
  return {
    description: text,
    ...(instead ?? schema),
    ...rules,
    ...(examples === undefined ? {} : { examples }),
  }
}
