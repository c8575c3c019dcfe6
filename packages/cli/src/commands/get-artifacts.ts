import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Artifact } from '@tiphys/contract/http/native-artifact.ts'
import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import { downloadArtifact, listArtifacts } from '../client/artifacts.ts'
import { readContext } from '../client/contexts.ts'
import type { HttpClient } from '../client/http-client.ts'
import { connectionOf } from '../connection/connection.ts'
import { openClient } from '../connection/open-client.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { formatSize } from '../output/size.ts'
import { table } from '../output/table.ts'
import { formatTime } from '../output/time.ts'

type Options = GlobalOptions & {
  readonly keptnContext?: string
  readonly project?: string
  /** A folder. */
  readonly download?: string
  /** Of one artifact, for standard output. */
  readonly show?: string
  readonly output?: DataFormat
}

type Found = Artifact & { readonly runId: string }

/** Lists what the tests of a run, or of all runs of a context, left; prints one, or saves all. */
export async function getArtifacts(
  options: Options,
  [run]: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const runIds = await runsOf(client, options, run)
  const found: Found[] = []
  for (const runId of runIds) {
    const artifacts = await listArtifacts(client, runId)
    found.push(...artifacts.map((one) => ({ runId, ...one })))
  }
  if (options.show !== undefined) return await show(options, found, options.show)
  if (options.download !== undefined) await save(options, found, options.download)
  printData({ artifacts: found }, options.output, () =>
    found.length === 0 ? 'Its tests left no files.' : artifactTable(found),
  )
  return undefined
}

async function runsOf(
  client: HttpClient,
  { keptnContext, project }: Options,
  run: string | undefined,
): Promise<readonly string[]> {
  if ((run === undefined) === (keptnContext === undefined)) {
    throw new CommandFailure('name a run, or a context with --keptn-context')
  }
  if (run !== undefined) return [run]
  const { runs } = await readContext(client, keptnContext ?? '', project)
  return runs.map(({ id }) => id)
}

async function show(options: Options, found: readonly Found[], name: string): Promise<ExitCode> {
  const artifact = found.find((one) => one.name === name)
  if (artifact === undefined) {
    const names = found.map((one) => one.name).join(', ') || 'none'
    throw new CommandFailure(`there is no artifact ${name}; there are ${names}`)
  }
  const content = await downloadArtifact(connectionFor(options), artifact.runId, name)
  await pipeline(content, process.stdout, { end: false })
  return EXIT.pass
}

/** Each under its name; of several runs, each run in a folder of its own. */
async function save(options: Options, found: readonly Found[], folder: string): Promise<void> {
  const isOneRun = new Set(found.map(({ runId }) => runId)).size <= 1
  for (const { runId, name, sizeBytes } of found) {
    const path = isOneRun ? name : `${runId}/${name}`
    // A server that was taken over must not write elsewhere on this machine.
    const fault = repositoryPathFault(path)
    if (fault !== undefined) throw new CommandFailure(`the artifact ${path} ${fault}`)
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    const content = await downloadArtifact(connectionFor(options), runId, name)
    await pipeline(content, createWriteStream(file))
    if (options.quiet !== true) printNote(`${file} (${formatSize(sizeBytes)})`)
  }
}

function connectionFor(options: Options): { endpoint: string; token?: string } {
  const { endpoint, token } = connectionOf(options)
  return { endpoint, ...(token === undefined ? {} : { token }) }
}

function artifactTable(found: readonly Found[]): string {
  return table(
    ['TIME', 'SIZE', 'RUN', 'NAME'],
    found.map((one) => [
      formatTime(new Date(one.at)),
      formatSize(one.sizeBytes),
      one.runId,
      one.name,
    ]),
  )
}
