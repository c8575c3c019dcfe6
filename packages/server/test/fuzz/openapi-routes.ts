import type { SeededRandom } from '../simulation/seeded-random.ts'

/** A route as the server itself describes it. */
export type ApiRoute = {
  readonly method: string
  /** With `{project}` where a name goes. */
  readonly path: string
  readonly query: readonly string[]
  readonly hasBody: boolean
  /** A body that fits the schema, more or less. */
  example(random: SeededRandom): unknown
}

type Schema = {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly additionalProperties?: Schema | boolean
}

type Operation = {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
  }
}

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const DEEPEST = 6

/** Every operation of an OpenAPI document but those that `isLeftOut` names. */
export function routesOf(
  document: unknown,
  isLeftOut: (method: string, path: string) => boolean,
): readonly ApiRoute[] {
  // Our own document: what it holds is checked by a test of its own.
  const { paths } = document as Document
  return Object.entries(paths).flatMap(([path, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method]
      if (operation === undefined || isLeftOut(method.toUpperCase(), path)) return []
      const [content] = Object.values(operation.requestBody?.content ?? {})
      const query = (operation.parameters ?? []).filter((one) => one.in === 'query')
      return [
        {
          method: method.toUpperCase(),
          path,
          query: query.map(({ name }) => name),
          hasBody: operation.requestBody !== undefined,
          example: (random: SeededRandom) => exampleOf(content?.schema ?? {}, random, 0),
        },
      ]
    }),
  )
}

function exampleOf(schema: Schema, random: SeededRandom, depth: number): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return random.pick(schema.enum)
  if (schema.anyOf !== undefined && schema.anyOf.length > 0) {
    return exampleOf(random.pick(schema.anyOf), random, depth + 1)
  }
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0]
  if (depth > DEEPEST) return null
  switch (type) {
    case 'object': {
      const entries = Object.entries(schema.properties ?? {})
      return Object.fromEntries(
        entries.map(([key, own]) => [key, exampleOf(own, random, depth + 1)]),
      )
    }
    case 'array':
      return [exampleOf(schema.items ?? {}, random, depth + 1)]
    case 'integer':
    case 'number':
      return random.below(100)
    case 'boolean':
      return random.chance(1 / 2)
    case 'string':
      return random.pick(['shop', 'dev', 'carts', 'eA==', '5m', 'pass', '2026-01-01T00:00:00Z'])
    default:
      return null
  }
}
