import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

/** A Kubernetes object as a file holds it. */
const manifestSchema = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
})

export type Manifest = z.infer<typeof manifestSchema>

/** The desired state cannot be computed. Argo CD shows this as a ComparisonError. */
export class RenderError extends Error {
  override name = 'RenderError'
}

/** All objects of a YAML or JSON file with any number of documents. Throws {@link RenderError} naming the file. */
export function parseManifests(text: string, path: string): Manifest[] {
  return parseYamlDocuments(text, path).flatMap((document) => {
    if (document === null) return []
    const items = isList(document) ? document.items : [document]
    return items.map((item) => asManifest(item, path))
  })
}

/** The plain values of all documents of a YAML file. Throws {@link RenderError} with line and column. */
export function parseYamlDocuments(text: string, path: string): unknown[] {
  const documents = parseAllDocuments(text)
  return (Array.isArray(documents) ? documents : []).map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new RenderError(`${path}: ${firstLine(error.message)}`)
    return document.toJS({ maxAliasCount: 100 }) as unknown
  })
}

export function asManifest(value: unknown, path: string): Manifest {
  const parsed = manifestSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined ? '' : ` (${issue.path.join('.')}: ${issue.message})`
  throw new RenderError(`${path}: not a Kubernetes object${where}`)
}

export type GroupVersionKind = { group: string; version: string; kind: string }

export function groupVersionKind(manifest: Manifest): GroupVersionKind {
  const [first = '', second] = manifest.apiVersion.split('/')
  return second === undefined
    ? { group: '', version: first, kind: manifest.kind }
    : { group: first, version: second, kind: manifest.kind }
}

/** Identity of an object inside one destination: `group/kind/namespace/name`, without the version. */
export function resourceKey(manifest: Manifest): string {
  const { group, kind } = groupVersionKind(manifest)
  return `${group}/${kind}/${manifest.metadata.namespace ?? ''}/${manifest.metadata.name}`
}

function isList(document: unknown): document is { items: unknown[] } {
  return (
    typeof document === 'object' &&
    document !== null &&
    'kind' in document &&
    document.kind === 'List' &&
    'items' in document &&
    Array.isArray(document.items)
  )
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
