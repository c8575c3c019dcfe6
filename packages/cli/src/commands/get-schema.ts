import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import {
  fileSchema,
  isSchemaName,
  SCHEMA_NAMES,
  type SchemaName,
  schemaFile,
  schemaText,
} from '@tiphys/providers/schemas/file-schemas.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { table } from '../output/table.ts'

type Options = GlobalOptions & { readonly into?: string; readonly output?: DataFormat }

/** The JSON Schema of one kind of file; without a name which there are. Needs no server. */
export async function getSchema(
  { into, output }: Options,
  [name]: readonly string[],
): Promise<ExitCode | undefined> {
  const names = name === undefined ? SCHEMA_NAMES : [knownName(name)]
  if (into !== undefined) {
    await writeSchemas(into, names)
  } else if (name === undefined) {
    const schemas = names.map((one) => ({ name: one, file: schemaFile(one) }))
    const rows = schemas.map((one) => [one.name, one.file])
    printData({ schemas }, output, () => table(['name', 'file'], rows))
  } else {
    for (const one of names) printData(fileSchema(one), output ?? 'json', '')
  }
  return undefined
}

function knownName(written: string): SchemaName {
  const name = written.replace(/\.(json|ya?ml)$/, '')
  if (isSchemaName(name)) return name
  const meant = didYouMean(name, SCHEMA_NAMES)
  const hint =
    meant === undefined ? `there are ${SCHEMA_NAMES.join(', ')}` : `did you mean ${meant}?`
  throw new CommandFailure(`there is no schema ${written}; ${hint}`)
}

async function writeSchemas(folder: string, names: readonly SchemaName[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    for (const name of names) await writeFile(join(folder, `${name}.json`), schemaText(name))
  } catch (cause) {
    const code = (cause as { code?: unknown }).code
    throw new CommandFailure(`cannot write into ${folder}: ${String(code ?? cause)}`)
  }
  printNote(`Written into ${folder}: ${names.map((name) => `${name}.json`).join(', ')}`)
}
