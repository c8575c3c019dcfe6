import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { matchesPattern } from '@tiphys/contract/file-pattern.ts'
import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import type { CommandPlan } from '@tiphys/contract/test-plan.ts'
import type { TaskJob } from '../../executor.ts'
import type { CommandPowers } from './command-powers.ts'

/** A folder that nobody used before, gone when the command is over. */
export type CommandFolder = AsyncDisposable & {
  readonly root: string
  /** Where the program starts, with the project's files below `root/work`. */
  readonly workingDirectory: string
  readonly home: string
  readonly temporary: string
}

/** The project holds more, or larger files, than a command is given. One sentence. */
export class CommandFilesError extends Error {
  override name = 'CommandFilesError'
}

const MAX_FILES = 5_000
const MAX_BYTES = 500_000_000
const OWNER_ONLY_FOLDER = 0o700

/** Makes the folder and puts into it what the service sees of the project's files: its own over the stage's over the project's. */
export async function openCommandFolder(
  plan: CommandPlan,
  job: TaskJob,
  powers: Pick<CommandPowers, 'readFile'>,
): Promise<CommandFolder> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'tiphys-command-')))
  // A program may have made folders that even their owner may not look into; what cannot be removed is left to the system.
  const dispose = () => rm(root, { recursive: true, force: true }).catch(() => undefined)
  try {
    const work = join(root, 'work')
    const folder = { home: join(root, 'home'), temporary: join(root, 'tmp') }
    for (const one of [work, folder.home, folder.temporary]) {
      await mkdir(one, { mode: OWNER_ONLY_FOLDER })
    }
    await putFiles(work, plan, job, powers)
    const workingDirectory = join(work, plan.workingDirectory)
    await mkdir(workingDirectory, { recursive: true })
    return { root, workingDirectory, ...folder, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function putFiles(
  work: string,
  { files }: CommandPlan,
  job: TaskJob,
  { readFile }: Pick<CommandPowers, 'readFile'>,
): Promise<void> {
  const { snapshot, stage, service } = job
  const uris = new Set(snapshot.entries.map(({ uri }) => uri))
  let count = 0
  let bytes = 0
  for (const uri of uris) {
    const place = snapshot.find(stage, service, uri)
    if (place === undefined || !files.some((pattern) => matchesPattern(pattern, uri))) continue
    // Nobody can write such a resource; a repository from elsewhere may hold one.
    if (repositoryPathFault(uri) !== undefined) continue
    const content = await readFile(job, { place, uri })
    if (content === undefined) continue
    count += 1
    bytes += content.length
    if (count > MAX_FILES || bytes > MAX_BYTES) {
      const limit = `${MAX_FILES} files and ${MAX_BYTES / 1_000_000} MB`
      throw new CommandFilesError(
        `the project has more than the ${limit} that a command is given; name those it needs in \`files\``,
      )
    }
    const file = join(work, uri)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
    job.signal.throwIfAborted()
  }
}
