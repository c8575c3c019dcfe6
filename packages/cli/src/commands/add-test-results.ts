import { basename } from 'node:path'
import { RESULT_FORMATS, type ResultFormat } from '@tiphys/contract/test-result-format.ts'
import { addTestResults } from '../client/artifacts.ts'
import { openClient } from '../connection/open-client.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readBytes } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'

type Options = GlobalOptions & {
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly format?: ResultFormat
  readonly keptnContext?: string
  readonly task?: string
  readonly name?: string
  readonly result?: 'pass' | 'warning' | 'fail'
  readonly output?: DataFormat
}

/** What the server takes in one request, less what JSON adds. */
const MAX_BYTES = 30_000_000

/** Hands in result files of tests that ran elsewhere. The server reads them, and refuses all of them when one is wrong. */
export async function addResults(
  options: Options,
  paths: readonly string[],
): Promise<ExitCode | undefined> {
  const files = []
  let bytes = 0
  for (const path of paths) {
    const file = await fileOf(path, options.format)
    bytes += file.text.length
    files.push(file)
  }
  if (bytes > MAX_BYTES) {
    throw new CommandFailure(
      `the files have ${bytes} characters together; at most ${MAX_BYTES} are sent`,
    )
  }
  const { project, stage, service, keptnContext: context, task, name, result } = options
  const query = { project, stage, service, context, task }
  const body = { name: name ?? 'uploaded', files, ...(result === undefined ? {} : { result }) }
  const added = await addTestResults(openClient(options), query, body)
  printData(added, options.output, () =>
    added.to === 'task'
      ? `The test task is finished: ${added.result} (context ${added.keptnContext})`
      : `Evaluations of ${service} in ${stage} under the context ${added.keptnContext} will use them.`,
  )
  return EXIT.pass
}

/** `report.xml` in the format of the flag, or `junit:report.xml`. */
async function fileOf(written: string, format: ResultFormat | undefined) {
  const own = RESULT_FORMATS.find((known) => written.startsWith(`${known}:`))
  const path = own === undefined ? written : written.slice(own.length + 1)
  const known = own ?? format
  if (known === undefined) {
    const formats = RESULT_FORMATS.join(', ')
    throw new CommandFailure(
      `the format of ${path} is not known: give --format, or write junit:${path}; formats: ${formats}`,
    )
  }
  const bytes = await readBytes(path)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { name: basename(path), format: known, text }
  } catch {
    throw new CommandFailure(`${path}:1:1: the file is not text in UTF-8`)
  }
}
