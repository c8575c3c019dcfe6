import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGit, type Git, type GitSettings } from '../../src/adapters/git/git-command.ts'
import { openGitHome } from '../../src/adapters/git/git-home.ts'
import type { Clock } from '../../src/ports/clock.ts'

/** A temporary folder with a git of our settings; disposing it leaves nothing behind. */
export type GitFolder = AsyncDisposable & {
  readonly folder: string
  readonly git: Git
  /** Runs plain git for the test itself and answers what it printed; throws when git fails. */
  run(args: readonly string[], gitDirectory?: string): Promise<string>
}

/** What tests may talk to: themselves. */
const TEST_PROTOCOLS = ['file', 'http'] as const

export async function openGitFolder(settings: Partial<GitSettings> = {}): Promise<GitFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-git-'))
  const git = createGit({
    home: await openGitHome(join(folder, 'home')),
    protocols: TEST_PROTOCOLS,
    searchPath: process.env['PATH'] ?? '',
    ...settings,
  })
  return {
    folder,
    git,
    async run(args, gitDirectory) {
      const result = await git.run(args, gitDirectory === undefined ? {} : { gitDirectory })
      if (result.code === 'exited' && result.exitCode === 0) return result.stdout.toString('utf8')
      throw new Error(`git ${args.join(' ')}: ${JSON.stringify(result)}`)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A clock that stands still until it is told; nothing under test here sleeps by it. */
export function fixedClock(nowMs: number): Clock & { nowMs(): number; set(ms: number): void } {
  let current = nowMs
  return {
    nowMs: () => current,
    set: (ms) => {
      current = ms
    },
    sleep: () => Promise.resolve(),
    at: () => () => undefined,
  }
}
