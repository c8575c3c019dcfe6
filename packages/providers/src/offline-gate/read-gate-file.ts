import { readFile } from 'node:fs/promises'
import type { Problem } from '@tiphys/contract/problem.ts'
import { MAX_FILE_CHARACTERS, parseYaml } from '@tiphys/contract/yaml-file.ts'
import type { z } from 'zod'
import { type GateSource, InputProblem } from './gate-source.ts'

type Reading = Pick<GateSource, 'readText'>

/** Throws InputProblem with the reason in one sentence. */
export async function readGateFile({ readText }: Reading, file: string): Promise<string> {
  const read = readText ?? ((name) => readFile(name, 'utf8'))
  try {
    return await read(file)
  } catch (thrown) {
    throw new InputProblem({ complaint: `${file} cannot be read: ${whyNot(thrown)}` })
  }
}

export function whyNot(thrown: unknown): string {
  const code = (thrown as { code?: unknown }).code
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'EISDIR') return 'it is a folder'
  return String(code ?? thrown)
}

/** A file as its schema wants it (JSON is YAML). Throws InputProblem with every finding. */
export async function parseGateFile<Value>(
  source: Reading,
  schema: z.ZodType<Value>,
  file: string,
  unknownKeys: 'warn' | 'error' = 'warn',
): Promise<{ readonly value: Value; readonly warnings: readonly Problem[] }> {
  const parsed = parseYaml(schema, await readGateFile(source, file), file, { unknownKeys })
  if (!parsed.ok) throw new InputProblem({ problems: parsed.problems })
  return { value: parsed.value, warnings: parsed.warnings }
}

/**
 * A list that programs write, and that grows: JSON of any length, where files that people write have a limit. What is wrong is told with its
 * place where the file is short enough for that. Throws InputProblem.
 */
export async function parseGrownFile<Value>(
  source: Reading,
  schema: z.ZodType<Value>,
  file: string,
): Promise<Value> {
  const text = await readGateFile(source, file)
  const json = jsonOf(text)
  const read = json === undefined ? undefined : schema.safeParse(json.value)
  if (read?.success) return read.data
  const parsed = parseYaml(schema, text, file, { unknownKeys: 'warn' })
  if (parsed.ok) return parsed.value
  const issue = text.length > MAX_FILE_CHARACTERS ? read?.error.issues[0] : undefined
  if (issue === undefined) throw new InputProblem({ problems: parsed.problems })
  throw new InputProblem({ complaint: `${file}: ${issue.path.join('.')}: ${issue.message}` })
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
