import { createHash } from 'node:crypto'
import { FileSchemaDocument, FileSchemaList } from '@tiphys/contract/http/native-schema.ts'
import {
  fileSchema,
  isSchemaName,
  SCHEMA_NAMES,
  type SchemaName,
  schemaFile,
} from '@tiphys/providers/schemas/file-schemas.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import type { AddRoute } from '../route.ts'

const PATH = '/api/tiphys/v1/schemas'
/** Schemas change with the server's version only. */
const CACHED = 'public, max-age=3600'
const NOT_MODIFIED = 304

type Document = Record<string, unknown>
type Served = { readonly document: Document; readonly etag: string }

/** Schemas of files, for editors. They say what a file may look like and nothing of any project, so nobody has to show a token. */
export function addSchemaRoutes(
  add: AddRoute,
  { server }: { readonly server: { readonly basePath: string } },
): void {
  const made = new Map<SchemaName, Served>()
  add({
    method: 'GET',
    path: PATH,
    summary: 'JSON Schemas of the files that Tiphys reads',
    success: FileSchemaList,
    handle: () => {
      const schemas = SCHEMA_NAMES.map((name) => ({
        name,
        file: schemaFile(name),
        title: String(served(made, name).document['title']),
        path: `${server.basePath}${PATH}/${name}.json`,
      }))
      return ok({ schemas }, { 'cache-control': CACHED })
    },
  })
  add({
    method: 'GET',
    path: `${PATH}/:name`,
    summary: 'The JSON Schema of one kind of file, like slo.json',
    success: FileSchemaDocument,
    handle: ({ params, raw }): Answer<Document> => {
      const name = params.name.replace(/\.json$/, '')
      if (!isSchemaName(name)) {
        const known = SCHEMA_NAMES.map((one) => `${one}.json`).join(', ')
        return refuse('not-found', `there is no schema ${params.name}; there are ${known}`)
      }
      const { document, etag } = served(made, name)
      const headers = { 'cache-control': CACHED, etag }
      const asked = raw.headers['if-none-match'] ?? ''
      if (asked.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)) {
        return { ok: true, status: NOT_MODIFIED, body: {}, headers }
      }
      return ok(document, { ...headers, 'content-type': 'application/schema+json' })
    },
  })
}

function served(made: Map<SchemaName, Served>, name: SchemaName): Served {
  const known = made.get(name)
  if (known !== undefined) return known
  const document: Document = { ...fileSchema(name) }
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('base64url')
  const one = { document, etag: `"${digest}"` }
  made.set(name, one)
  return one
}
