import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createFolderArtifacts } from '../../src/adapters/artifacts/folder-artifacts.ts'
import { createChildProcesses } from '../../src/adapters/processes/child-processes.ts'
import type { CommandPowers } from '../../src/executors/test/command/command-powers.ts'
import type { Artifact, ArtifactLimits } from '../../src/ports/artifacts.ts'
import { createMask } from '../../src/security/mask.ts'
import { type CommandSettings, NO_COMMANDS } from '../../src/settings/command-settings.ts'
import {
  type Finished,
  realClock,
  runTask,
  type TestTask,
  type TestTaskOptions,
  testTask,
} from '../load/test-task.ts'

const MEGABYTE = 1024 * 1024

/** A folder with everything that commands need, real processes and real files in it. */
export type CommandWorld = AsyncDisposable & {
  readonly folder: string
  readonly powers: CommandPowers
  /** The task, with the files of the project beside tiphys/tests.yaml. */
  task(wish: CommandWish): TestTask
  run(wish: CommandWish): Promise<Finished>
  kept(): Promise<readonly Artifact[]>
  text(name: string): Promise<string>
}

export type CommandWish = TestTaskOptions & { readonly files?: Readonly<Record<string, string>> }

export async function openCommandWorld(
  settings: Partial<CommandSettings> = {},
  limits: Partial<ArtifactLimits> = {},
): Promise<CommandWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'command-world-'))
  const artifacts = createFolderArtifacts({
    folder: join(folder, 'artifacts'),
    limits: { maxFileBytes: MEGABYTE, maxRunBytes: 2 * MEGABYTE, maxRunFiles: 50, ...limits },
    clock: realClock,
  })
  const known = new Map<string, Readonly<Record<string, string>>>()
  const powers: CommandPowers = {
    settings: {
      ...NO_COMMANDS,
      isEnabled: true,
      // The Node of this test, whatever else is installed.
      path: `${dirname(process.execPath)}:/usr/bin:/bin`,
      ...settings,
    },
    processes: createChildProcesses({ notesFolder: join(folder, 'notes'), graceMs: 300 }),
    artifacts,
    readFile: (_job, { uri }) => {
      const text = known.get('files')?.[uri]
      return Promise.resolve(text === undefined ? undefined : new TextEncoder().encode(text))
    },
    mask: createMask(() => ['hunter2secret']),
    baseUrl: 'https://tiphys.example.com',
  }
  function task({ files = {}, ...wish }: CommandWish): TestTask {
    known.set('files', files)
    const made = testTask(wish)
    const place = { level: 'service', stage: 'staging', service: 'carts' } as const
    const { snapshot } = made.job
    const own = Object.keys(files).map((uri) => ({ place, uri }))
    const job = {
      ...made.job,
      snapshot: {
        ...snapshot,
        entries: [...snapshot.entries, ...own],
        find: (stage: string, service: string, uri: string) =>
          Object.hasOwn(files, uri) ? place : snapshot.find(stage, service, uri),
      },
    }
    return { ...made, job }
  }
  return {
    folder,
    powers,
    task,
    run: (wish) => runTask(task(wish), { commands: powers }),
    kept: () => artifacts.list('p1', 'run-1'),
    async text(name) {
      const found = await artifacts.open('p1', 'run-1', name)
      if (found === undefined) throw new Error(`nothing called ${name} was kept`)
      const chunks: Uint8Array[] = []
      for await (const chunk of found.content) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
