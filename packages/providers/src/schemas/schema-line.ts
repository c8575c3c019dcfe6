import type { SchemaName } from './file-schemas.ts'

const SCHEMA_LINE = /^# yaml-language-server: \$schema=\S*\r?\n/

/**
 * The first line of a file that tells editors its schema (yaml-language-server reads it, and so do those that are built on it). `place` is an
 * address, or a path from the folder of the file: what is committed has to lead everybody to the same.
 */
export function withSchemaLine(text: string, place: string): string {
  return `# yaml-language-server: $schema=${place}\n${text.replace(SCHEMA_LINE, '')}`
}

/** Where a server has the schema of a file; without a token. */
export function schemaAddress(serverUrl: string, name: SchemaName): string {
  return `${serverUrl.replace(/\/+$/, '')}/api/tiphys/v1/schemas/${name}.json`
}
