import { ArgocdYaml } from '@tiphys/contract/argocd-yaml.ts'
import { ImportOutput } from '@tiphys/contract/import-report.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { PreviousFile, ValuesFile } from '@tiphys/contract/offline-gate.ts'
import { ProjectYaml } from '@tiphys/contract/project-yaml.ts'
import { SettingsFile } from '@tiphys/contract/settings.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { SliFile } from '@tiphys/contract/sli.ts'
import { SloFile } from '@tiphys/contract/slo.ts'
import { TestsYaml } from '@tiphys/contract/tests-yaml.ts'
import type { z } from 'zod'
import { type Annotations, annotated, strayAnnotations } from './annotated.ts'
import { ARGOCD_ANNOTATIONS } from './argocd-schema.ts'
import { PREVIOUS_ANNOTATIONS, VALUES_ANNOTATIONS } from './gate-schemas.ts'
import { plainSchema } from './plain-schema.ts'
import { PROJECT_ANNOTATIONS } from './project-schema.ts'
import { SETTINGS_ANNOTATIONS, withConnectionKeys } from './settings-schema.ts'
import { SHIPYARD_ANNOTATIONS } from './shipyard-schema.ts'
import { SLI_ANNOTATIONS } from './sli-schema.ts'
import { SLO_ANNOTATIONS } from './slo-schema.ts'
import { TESTS_ANNOTATIONS } from './tests-schema.ts'

/**
 * JSON Schemas (draft 2020-12) of every file that people write for us, made from the zod schemas that read them. They are for editors:
 * whatever a schema takes, the reader takes too, but for rules over several keys. Of Keptn's own files a schema refuses what the
 * reader only warns of (a key nobody knows), since that is what a writer wants to see.
 *
 * The folder `schemas/` holds them as files (`npm run schemas`), the server serves them at /api/tiphys/v1/schemas.
 */
type FileSchema = {
  /** What the file is called. */
  readonly file: string
  readonly title: string
  readonly reader: z.ZodType
  readonly annotations: Annotations
  readonly change?: (schema: JsonObject) => JsonObject
}

const FILES = {
  shipyard: {
    file: 'shipyard.yaml',
    title: 'Stages of a project, and what happens in them',
    reader: Shipyard,
    annotations: SHIPYARD_ANNOTATIONS,
  },
  slo: {
    file: 'slo.yaml',
    title: 'What a service must reach in a stage',
    reader: SloFile,
    annotations: SLO_ANNOTATIONS,
  },
  sli: {
    file: '<provider>/sli.yaml',
    title: 'Which query stands for an indicator',
    reader: SliFile,
    annotations: SLI_ANNOTATIONS,
  },
  tests: {
    file: 'tiphys/tests.yaml',
    title: 'Tests of a service',
    reader: TestsYaml,
    annotations: TESTS_ANNOTATIONS,
  },
  argocd: {
    file: 'argocd.yaml',
    title: 'Which Argo CD application a service is, and what a deployment changes in Git',
    reader: ArgocdYaml,
    annotations: ARGOCD_ANNOTATIONS,
  },
  project: {
    file: 'tiphys/project.yaml',
    title: 'Settings of a project',
    reader: ProjectYaml,
    annotations: PROJECT_ANNOTATIONS,
  },
  settings: {
    file: 'tiphys.yaml',
    title: 'Settings of a Tiphys server',
    reader: SettingsFile,
    annotations: SETTINGS_ANNOTATIONS,
    change: withProviders,
  },
  values: {
    file: 'values.json',
    title: 'Measured values for tiphys evaluate',
    reader: ValuesFile,
    annotations: VALUES_ANNOTATIONS,
  },
  previous: {
    file: 'previous.json',
    title: 'Earlier evaluations for tiphys evaluate, newest first',
    reader: PreviousFile,
    annotations: PREVIOUS_ANNOTATIONS,
  },
  'import-report': {
    file: 'report.json',
    title: 'What tiphys import -o json says about a Keptn project',
    reader: ImportOutput,
    annotations: {},
  },
} as const satisfies Readonly<Record<string, FileSchema>>

export type SchemaName = keyof typeof FILES
export const SCHEMA_NAMES = Object.keys(FILES) as readonly SchemaName[]

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** The schema of one kind of file. Made when it is asked for; the same text every time. */
export function fileSchema(name: SchemaName): JsonObject {
  const { title, reader, annotations, change = unchanged }: FileSchema = FILES[name]
  const schema = change(annotated(plainSchema(reader), annotations))
  return { $schema: DIALECT, title, ...schema }
}

/** Annotations of a schema whose key is gone; empty unless somebody forgot. */
export function straysOf(name: SchemaName): string[] {
  const { reader, annotations }: FileSchema = FILES[name]
  return strayAnnotations(plainSchema(reader), annotations)
}

/** What the file is called to which a schema belongs. */
export function schemaFile(name: SchemaName): string {
  return FILES[name].file
}

export function isSchemaName(name: string): name is SchemaName {
  return Object.hasOwn(FILES, name)
}

/** As it stands in a file, is served and is printed. */
export function schemaText(name: SchemaName): string {
  return `${JSON.stringify(fileSchema(name), undefined, 2)}\n`
}

function unchanged(schema: JsonObject): JsonObject {
  return schema
}

function withProviders(schema: JsonObject): JsonObject {
  const { properties } = schema
  const providers = isJsonObject(properties) ? properties['providers'] : undefined
  if (!isJsonObject(properties) || !isJsonObject(providers)) return schema
  return {
    ...schema,
    properties: { ...properties, providers: withConnectionKeys(providers) },
  }
}
