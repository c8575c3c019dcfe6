import { spawn } from 'node:child_process'

/** A bare repository that a test looks into and commits to, like a person with a clone would. */
export interface BareRepository {
  readonly directory: string
  /** `file://…` */
  readonly url: string
  /** Commits to a branch (undefined deletes a file) and answers the commit id. */
  commit(
    files: Readonly<Record<string, string | undefined>>,
    options?: { readonly message?: string; readonly branch?: string; readonly mode?: string },
  ): Promise<string>
  head(branch?: string): Promise<string>
  /** The text of a file at a commit or branch. */
  show(path: string, at?: string): Promise<string>
  /** Commits of a branch, oldest first: `subject`. */
  subjects(branch?: string): Promise<readonly string[]>
  run(args: readonly string[], input?: string): Promise<string>
}

export async function openBareRepository(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<BareRepository> {
  await runGit(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', directory], '')
  const run = (args: readonly string[], input = '') =>
    runGit([`--git-dir=${directory}`, ...args], input)
  const head = async (branch = 'main') => (await run(['rev-parse', `refs/heads/${branch}`])).trim()
  const repository: BareRepository = {
    directory,
    url: `file://${directory}`,
    run,
    head,
    async commit(changed, options = {}) {
      const { message = 'by hand', branch = 'main', mode = '100644' } = options
      const known = await run(['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`])
      const lines = [
        `commit refs/heads/${branch}`,
        'committer Somebody <somebody@example.com> 1750000000 +0000',
        `data ${Buffer.byteLength(message)}`,
        message,
        ...(known === '' ? [] : [`from refs/heads/${branch}^0`]),
        ...Object.entries(changed).flatMap(([path, text]) =>
          text === undefined
            ? [`D ${path}`]
            : [`M ${mode} inline ${path}`, `data ${Buffer.byteLength(text)}`, text],
        ),
        'done',
        '',
      ]
      await run(['fast-import', '--quiet', '--done'], lines.join('\n'))
      return await head(branch)
    },
    show: (path, at = 'main') => run(['cat-file', 'blob', `${at}:${path}`]),
    async subjects(branch = 'main') {
      const log = await run(['log', '--reverse', '--format=%s', `refs/heads/${branch}`])
      return log.trim().split('\n')
    },
  }
  await repository.commit(files, { message: 'first' })
  return repository
}

async function runGit(args: readonly string[], input: string): Promise<string> {
  const child = spawn('git', args, {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      LC_ALL: 'C',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')} (${exitCode}): ${stderr}`)
  return stdout
}
