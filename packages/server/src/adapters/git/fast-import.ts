import type { Git } from './git-command.ts'

/** One commit, written straight into the object database: no index, no files. */
export type NewCommit = {
  /** `refs/heads/main` */
  readonly ref: string
  /** The commit it stands on; undefined for the first of a repository. */
  readonly parent: string | undefined
  /** `Name <mail>` */
  readonly author: string
  readonly message: string
  readonly timeMs: number
  readonly files: readonly NewFile[]
  /** Lets the ref move to a commit that does not contain its old one (scratch refs). */
  readonly force?: boolean
}

export type NewFile = {
  readonly path: string
  /** undefined deletes the file, or everything below the folder of that name. */
  readonly content: Uint8Array | undefined
  readonly mode?: '100644' | '100755'
}

export type Committed =
  | { readonly code: 'committed'; readonly commitId: string }
  /** Git took nothing; the ref is where it was. */
  | { readonly code: 'failed'; readonly message: string }

/** Writing objects of a commit is local and small; a disk that takes longer hangs. */
const TIMEOUT_MS = 60_000

/**
 * Writes a commit and moves the ref to it. The ref moves only after the whole stream arrived (`feature done`) and only if the commit
 * stands on what the ref points at: a process that dies in the middle leaves unreachable objects, nothing else.
 */
export async function writeCommit(
  git: Git,
  gitDirectory: string,
  commit: NewCommit,
): Promise<Committed> {
  const force = commit.force === true ? ['--force'] : []
  const result = await git.run(
    ['fast-import', '--quiet', '--done', '--date-format=raw', ...force],
    {
      gitDirectory,
      input: streamOf(commit),
      timeoutMs: TIMEOUT_MS,
    },
  )
  if (result.code !== 'exited')
    return { code: 'failed', message: `git fast-import: ${result.code}` }
  const commitId = result.stdout.toString('latin1').trim()
  if (result.exitCode === 0 && /^[0-9a-f]{40,64}$/.test(commitId))
    return { code: 'committed', commitId }
  return { code: 'failed', message: `git fast-import: ${result.stderr.trim()}` }
}

function streamOf(commit: NewCommit): Buffer {
  const seconds = Math.floor(commit.timeMs / 1_000)
  const parts: Uint8Array[] = [
    line(`commit ${commit.ref}`),
    line('mark :1'),
    line(`author ${commit.author} ${seconds} +0000`),
    line(`committer ${commit.author} ${seconds} +0000`),
    ...data(Buffer.from(commit.message)),
  ]
  if (commit.parent !== undefined) parts.push(line(`from ${commit.parent}`))
  for (const file of commit.files) {
    if (file.content === undefined) parts.push(line(`D ${quoted(file.path)}`))
    else
      parts.push(
        line(`M ${file.mode ?? '100644'} inline ${quoted(file.path)}`),
        ...data(file.content),
      )
  }
  parts.push(line('get-mark :1'), line('done'))
  return Buffer.concat(parts)
}

function line(text: string): Buffer {
  return Buffer.from(`${text}\n`)
}

function data(bytes: Uint8Array): Uint8Array[] {
  return [line(`data ${bytes.length}`), bytes, line('')]
}

/** Paths were checked: no control characters, no backslashes. */
function quoted(path: string): string {
  return `"${path.replaceAll('"', '\\"')}"`
}

const IDENTITY_UNWANTED = /[<>\s\p{Cc}]+/gu
export const NO_REPLY_MAIL = 'noreply@tiphys.dev'

/** `Name <mail>` from a name, or from a text that has that form already. Whatever would break the commit is left out. */
export function identityOf(author: string): string {
  const [, name = author, mail = NO_REPLY_MAIL] = /^(.*?)\s*<([^<>]*)>\s*$/u.exec(author) ?? []
  const plainName = name.replaceAll(IDENTITY_UNWANTED, ' ').trim() || 'Tiphys'
  const plainMail = mail.replaceAll(/[<>\s\p{Cc}]+/gu, '') || NO_REPLY_MAIL
  return `${plainName} <${plainMail}>`
}
