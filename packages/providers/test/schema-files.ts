import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PreviousFile, ValuesFile } from '@tiphys/contract/offline-gate.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { parseYaml, readYaml } from '@tiphys/contract/yaml-file.ts'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { type FileKind, fileKindOf } from '../src/file-kind.ts'
import { lintFileSet } from '../src/lint-file-set.ts'
import {
  fileSchema,
  isSchemaName,
  SCHEMA_NAMES,
  type SchemaName,
} from '../src/schemas/file-schemas.ts'

/** Schemas and readers side by side, and the files of this repository to hold both against. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** `validateFormats`: a format is a hint for editors; patterns say what is refused. */
const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  validateFormats: false,
  allErrors: true,
})
const VALIDATORS = new Map<SchemaName, ValidateFunction>(
  SCHEMA_NAMES.map((name) => [name, ajv.compile(fileSchema(name))]),
)

/** What the schema says to a document; empty: it takes it. */
export function schemaFaults(name: SchemaName, document: unknown): string[] {
  const validate = VALIDATORS.get(name)
  if (validate === undefined || validate(document)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** What the reader calls an error in the same document; empty: it takes it. */
export function readerFaults(name: SchemaName, document: unknown): string[] {
  return problemsOf(name, JSON.stringify(document))
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message)
}

const FILE_NAMES: Partial<Record<SchemaName, string>> = {
  shipyard: 'shipyard.yaml',
  slo: 'slo.yaml',
  sli: 'test-results/sli.yaml',
  tests: 'tests.yaml',
  argocd: 'argocd.yaml',
  project: 'project.yaml',
  settings: 'tiphys.yaml',
}

function problemsOf(name: SchemaName, text: string): readonly Problem[] {
  const file = FILE_NAMES[name]
  if (file !== undefined) return lintFileSet({ [file]: text })
  const schema = name === 'previous' ? PreviousFile : ValuesFile
  const parsed = parseYaml<unknown>(schema, text, name, { unknownKeys: 'warn' })
  return parsed.ok ? parsed.warnings : parsed.problems
}

export type KnownDocument = {
  readonly name: SchemaName
  /** Where it stands: a file, or a block of a page. */
  readonly place: string
  readonly text: string
  readonly document: unknown
}

/** Every file of ours that stands in this repository and is meant to be right: examples, the demo, blocks of the documentation. */
export function knownDocuments(): KnownDocument[] {
  const files = globSync(
    [
      'examples/**/*.{yaml,json}',
      'packages/cli/src/demo/files/*.yaml',
      'packages/server/test/fuzz/*.yaml',
    ],
    { cwd: ROOT },
  )
  const ofFiles = files.map((place) => {
    const text = readFileSync(join(ROOT, place), 'utf8')
    // The demo fills in the repository that it makes.
    return {
      place,
      text: text.replaceAll('GITOPS_REPOSITORY', 'https://git.example.com/gitops.git'),
    }
  })
  return [...ofFiles, ...blocksOfDocuments()].flatMap(({ place, text }) => {
    const name = schemaNameOf(place, text)
    const read = readYaml(text, place)
    return name === undefined || !read.ok ? [] : [{ name, place, text, document: read.value }]
  })
}

/** A block begins with a comment that names its file, like `# slo.yaml`. */
function blocksOfDocuments(): { place: string; text: string }[] {
  return globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: ROOT }).flatMap(
    (document) => {
      const text = readFileSync(join(ROOT, document), 'utf8')
      return [...text.matchAll(/^```yaml\n(# (\S+\.ya?ml)\b[\s\S]*?)^```$/gm)].map(
        ([, block = '', file = '']) => ({ place: `${document}/${file}`, text: block }),
      )
    },
  )
}

function schemaNameOf(place: string, text: string): SchemaName | undefined {
  const file = place.split('/').at(-1) ?? ''
  if (/^(values|previous)\.json$/.test(file)) return file === 'values.json' ? 'values' : 'previous'
  if (file.endsWith('.json')) return undefined
  const kind: FileKind | undefined = fileKindOf(place, text)
  return kind !== undefined && isSchemaName(kind) ? kind : undefined
}
