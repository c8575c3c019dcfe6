import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { RepositoryCopier } from '../../ports/backup.ts'
import { type Git, GitError, type GitRunOptions } from './git-command.ts'

/** Large repositories on slow disks; a configuration takes milliseconds. */
const BUNDLE_TIMEOUT_MS = 600_000
const DIRECTORY = /^([A-Za-z0-9][A-Za-z0-9._-]*)\.git$/
/** As in git-configuration.ts: what begins so is swept away at the next start. */
const UNFINISHED = '.new-'

/**
 * Copies the configuration repositories as Git bundles: one file each, with a hash over everything, and whole whatever is written
 * or packed meanwhile.
 */
export function createRepositoryCopier(git: Git, folder: string): RepositoryCopier {
  // Git runs in a folder of its own, where a relative path would lead elsewhere.
  const home = resolve(folder)
  const directoryOf = (id: string) => join(home, `${id}.git`)

  async function run(args: readonly string[], options: GitRunOptions): Promise<string> {
    const result = await git.run(args, { timeoutMs: BUNDLE_TIMEOUT_MS, ...options })
    if (result.code === 'exited' && result.exitCode === 0) return result.stdout.toString('utf8')
    const reason = result.code === 'exited' ? result.stderr.trim() : result.code
    throw new GitError(`git ${args[0]} failed: ${reason}`)
  }

  return {
    async ids() {
      const names = await readdir(home).catch(noneWhenMissing)
      return names.flatMap((name) => DIRECTORY.exec(name)?.[1] ?? []).sort()
    },
    async bundle(id, file, signal) {
      const gitDirectory = directoryOf(id)
      try {
        const head = (await run(['symbolic-ref', 'HEAD'], { gitDirectory, signal })).trim()
        const target = resolve(file)
        await run(['bundle', 'create', '--quiet', target, '--all'], { gitDirectory, signal })
        return { code: 'written', head }
      } catch (error) {
        signal?.throwIfAborted()
        if (await isMissing(gitDirectory)) return { code: 'gone' }
        throw error
      }
    },
    async unbundle(id, file, head) {
      await mkdir(home, { recursive: true, mode: 0o700 })
      const unfinished = join(home, `${UNFINISHED}${id}`)
      await rm(unfinished, { recursive: true, force: true })
      await run(['init', '--quiet', '--bare', '--template=', unfinished], {})
      const gitDirectory = unfinished
      const listed = await run(['bundle', 'unbundle', resolve(file)], { gitDirectory })
      const references = listed
        .split('\n')
        .map((line) => line.split(' '))
        .filter(([commit, name]) => commit && name && name !== 'HEAD')
      const input = references.map(([commit, name]) => `create ${name} ${commit}\n`).join('')
      await run(['update-ref', '--stdin'], { gitDirectory, input })
      await run(['symbolic-ref', 'HEAD', head], { gitDirectory })
      await rename(unfinished, directoryOf(id))
    },
    async missing(id, commits) {
      const gitDirectory = directoryOf(id)
      if (await isMissing(gitDirectory)) return commits
      const input = commits.map((commit) => `${commit}\n`).join('')
      const answers = await run(['cat-file', '--batch-check'], { gitDirectory, input })
      const lines = answers.split('\n')
      return commits.filter((_, index) => lines[index]?.split(' ')[1] !== 'commit')
    },
  }
}

function noneWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

async function isMissing(path: string): Promise<boolean> {
  return await stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
}
