import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Argo CD's API description lies beside the checkout where the project is developed, not in it. */
const PATH = fileURLToPath(
  new URL('../../../../../shared/fixtures/argocd-swagger-subset.json', import.meta.url),
)

type Schema = {
  $ref?: string
  type?: string
  format?: string
  properties?: Record<string, Schema>
  additionalProperties?: Schema
  items?: Schema
}

export type Swagger = {
  definitions: Record<string, Schema>
  paths: Record<string, Record<string, { responses: Record<string, { schema: Schema }> }>>
}

export function readSwagger(): Swagger | undefined {
  return existsSync(PATH) ? (JSON.parse(readFileSync(PATH, 'utf8')) as Swagger) : undefined
}

const WHOLE_SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/**
 * Holds a value against a schema, by the rules the real server follows where the description does not: no
 * field that is not described, int64 as a JSON number, times with whole seconds. Answers what is wrong.
 */
export function problemsOf(swagger: Swagger, schema: Schema, value: unknown, path = '$'): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '')
    const target = swagger.definitions[name]
    return target === undefined
      ? [`${path}: unknown ${name}`]
      : problemsOf(swagger, target, value, path)
  }
  if (schema.type === 'array') {
    if (value === null) return [] // Go's nil slice
    if (!Array.isArray(value)) return [`${path}: not an array`]
    return value.flatMap((item, index) =>
      problemsOf(swagger, schema.items ?? {}, item, `${path}[${index}]`),
    )
  }
  if (schema.properties !== undefined) return objectProblems(swagger, schema, value, path)
  if (schema.type === 'object') return isRecord(value) ? [] : [`${path}: not an object`]
  return scalarProblems(schema, value, path)
}

function objectProblems(swagger: Swagger, schema: Schema, value: unknown, path: string): string[] {
  if (!isRecord(value)) return [`${path}: not an object`]
  return Object.entries(value).flatMap(([key, child]) => {
    const described = schema.properties?.[key]
    const childPath = `${path}.${key}`
    if (described !== undefined) return problemsOf(swagger, described, child, childPath)
    return isInlined(key, path) ? [] : [`${childPath}: not described`]
  })
}

/** Fields that Go inlines (`TypeMeta`, `ResourceRef`) are missing in the generated description. */
function isInlined(key: string, path: string): boolean {
  return (
    /odes\[\d+\]$/.test(path) &&
    ['group', 'version', 'kind', 'namespace', 'name', 'uid'].includes(key)
  )
}

function scalarProblems(schema: Schema, value: unknown, path: string): string[] {
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return [`${path}: not a string: ${JSON.stringify(value)}`]
      if (schema.format === 'date-time' && !WHOLE_SECOND.test(value)) return [`${path}: ${value}`]
      return []
    case 'integer':
      return Number.isInteger(value) ? [] : [`${path}: not an integer: ${JSON.stringify(value)}`]
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: not a boolean`]
    default:
      return []
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
