import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import type { ServerFacts } from './parts.ts'

const SECURITY = [{ token: [] }, { bearer: [] }]

/** OpenAPI 3.1 from the schemas that check the requests; served by `openApiRoute`. Must be set up before any route. */
export async function describeApi(app: FastifyInstance, server: ServerFacts): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tiphys',
        version: server.version,
        description:
          'The API of Keptn v1 (control plane, event store, resources, secrets), and our own under /api/tiphys/v1.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          token: { type: 'apiKey', in: 'header', name: 'x-token' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: SECURITY,
    },
    transform: (document) => {
      const { schema, url } = jsonSchemaTransform(document)
      return {
        schema: { ...schema, response: opened(schema.response) },
        url: url.replace(/\*$/, ':resourceURI'),
      }
    },
  })
}

/** Answers may grow: a client generated from this document must not refuse a field that is new. */
function opened(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(opened)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).filter(
    ([key, value]) => !(key === 'additionalProperties' && value === false),
  )
  return Object.fromEntries(entries.map(([key, value]) => [key, opened(value)]))
}
