import { TextDecoder } from 'node:util'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import type { CommandPlan } from '@tiphys/contract/test-plan.ts'
import type { ResultFormat } from '@tiphys/contract/test-result-format.ts'
import { combineResults } from '@tiphys/core/load/combined-results.ts'
import { createResultsReader } from '@tiphys/providers/test-results/read-test-results.ts'
import type { ReadResults } from '@tiphys/providers/test-results/results-reader.ts'
import { type FoundFile, findFiles, openFound } from './command-files.ts'

export type CommandResults = {
  /** Everything together. */
  readonly figures: JsonObject
  /** Of suites, samplers and the like, by their names. */
  readonly targets: Readonly<Record<string, JsonObject>>
  /** Names of tests that failed. */
  readonly failed: readonly string[]
  /** Files that are missing or wrong. */
  readonly faults: readonly string[]
  readonly files: readonly FoundFile[]
}

/** Surefire writes a file for each class. */
const MAX_FILES = 500

/** Reads the result files of a command, whatever its exit code: a report of failed tests is what one wants to see. */
export async function readCommandResults(
  folder: string,
  { results }: CommandPlan,
): Promise<CommandResults> {
  const read: Extract<ReadResults, { ok: true }>[] = []
  const faults: string[] = []
  const files: FoundFile[] = []
  for (const { format, path } of results) {
    const found = await findFiles(folder, [path])
    if (found.length === 0) faults.push(`it wrote no ${path} (${format})`)
    if (found.length > MAX_FILES) faults.push(`it wrote more than ${MAX_FILES} files ${path}`)
    for (const file of found.slice(0, MAX_FILES)) {
      files.push(file)
      const answer = await readFile(format, file)
      if (answer.ok) read.push(answer)
      else faults.push(formatProblem(answer.problem))
    }
  }
  // Results are read from JSON, or made of numbers and names.
  const all = read.map((one) => one.results as JsonObject)
  return {
    figures: combineResults(all),
    targets: Object.assign({}, ...all.map(targetsOf)),
    failed: read.flatMap((one) => one.failed),
    faults,
    files,
  }
}

function targetsOf({ targets }: JsonObject): Readonly<Record<string, JsonObject>> {
  return (targets ?? {}) as Readonly<Record<string, JsonObject>>
}

async function readFile(format: ResultFormat, found: FoundFile): Promise<ReadResults> {
  const reader = createResultsReader(format, found.path)
  const content = await openFound(found)
  if (content === undefined) return reader.end()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of content) {
      if (!reader.write(decoder.decode(chunk as Uint8Array, { stream: true }))) break
    }
    reader.write(decoder.decode())
    return reader.end()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const place = { severity: 'error', file: found.path, line: 1, column: 1 } as const
    return { ok: false, problem: { ...place, message: 'the file is not text in UTF-8' } }
  } finally {
    content.destroy()
  }
}
