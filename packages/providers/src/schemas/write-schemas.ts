/** `npm run schemas`: writes the folder `schemas/` of the checkout anew. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SCHEMA_NAMES, schemaText } from './file-schemas.ts'

const FOLDER = fileURLToPath(new URL('../../../../schemas', import.meta.url))

mkdirSync(FOLDER, { recursive: true })
for (const file of readdirSync(FOLDER)) {
  if (!SCHEMA_NAMES.some((name) => file === `${name}.json`)) rmSync(join(FOLDER, file))
}
for (const name of SCHEMA_NAMES) writeFileSync(join(FOLDER, `${name}.json`), schemaText(name))
process.stdout.write(`schemas/: ${SCHEMA_NAMES.join(', ')}\n`)
