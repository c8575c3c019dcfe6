import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { type Git, GitError, killGroup } from './git-command.ts'

export type GitObject = {
  readonly id: string
  readonly type: 'blob' | 'tree' | 'commit' | 'tag'
  readonly content: Buffer
}

/**
 * Reads objects of one repository through a `git cat-file --batch` that is kept alive: a warm read is a line in and a line out. The
 * process ends after a while without work, or when it dies, and the next read starts another.
 */
export interface ObjectReader {
  /** `<commit>:<path>`, `<id>`, `refs/heads/main`; undefined when the repository has no such object. One line. */
  read(name: string): Promise<GitObject | undefined>
  /** Answers what was asked, then ends; later reads are refused. */
  close(): Promise<void>
}

type Waiting = {
  readonly name: string
  readonly resolve: (object: GitObject | undefined) => void
  readonly reject: (error: Error) => void
  /** The process died under it once already. */
  again: boolean
}

/** Long enough for a burst of sequences, short enough that idle projects cost no process. */
const IDLE_MS = 30_000
const CLOSE_AFTER_MS = 2_000
const NEWLINE = 0x0a

export function createObjectReader(
  git: Git,
  gitDirectory: string,
  idleMs: number = IDLE_MS,
): ObjectReader {
  return new BatchReader(git, gitDirectory, idleMs)
}

class BatchReader implements ObjectReader {
  readonly #git: Git
  readonly #gitDirectory: string
  readonly #idleMs: number
  #child: ChildProcessWithoutNullStreams | undefined
  #waiting: Waiting[] = []
  #chunks: Buffer[] = []
  #bytes = 0
  /** Bytes that must be there before looking again: the head of an answer says how long it is. */
  #needed = 0
  #idle: NodeJS.Timeout | undefined
  #closed = false

  constructor(git: Git, gitDirectory: string, idleMs: number) {
    this.#git = git
    this.#gitDirectory = gitDirectory
    this.#idleMs = idleMs
  }

  read(name: string): Promise<GitObject | undefined> {
    if (/[\n\r\0]/.test(name)) return Promise.resolve(undefined)
    if (this.#closed) return Promise.reject(new GitError('the repository was closed'))
    const { promise, resolve, reject } = Promise.withResolvers<GitObject | undefined>()
    this.#ask({ name, resolve, reject, again: false })
    return promise
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    const child = this.#child
    if (child === undefined) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.stdin.end()
    const forced = setTimeout(() => killGroup(child), CLOSE_AFTER_MS)
    await ended
    clearTimeout(forced)
  }

  #ask(waiting: Waiting): void {
    clearTimeout(this.#idle)
    this.#child ??= this.#start()
    this.#waiting.push(waiting)
    this.#child.stdin.write(`${waiting.name}\n`)
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = this.#git.start(['cat-file', '--batch'], this.#gitDirectory)
    this.#chunks = []
    this.#bytes = 0
    this.#needed = 0
    child.stdin.on('error', () => undefined)
    child.stderr.resume()
    child.on('error', (cause) => this.#ended(child, cause))
    child.on('close', () => this.#ended(child, undefined))
    child.stdout.on('data', (chunk: Buffer) => {
      if (this.#child !== child) return
      this.#chunks.push(chunk)
      this.#bytes += chunk.length
      if (this.#bytes >= this.#needed) this.#answer()
    })
    return child
  }

  #answer(): void {
    let buffer =
      this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.of()) : Buffer.concat(this.#chunks)
    for (;;) {
      const parsed = parseAnswer(buffer)
      if ('needed' in parsed) {
        this.#needed = parsed.needed
        break
      }
      this.#waiting.shift()?.resolve(parsed.object)
      buffer = buffer.subarray(parsed.length)
    }
    this.#chunks = buffer.length === 0 ? [] : [buffer]
    this.#bytes = buffer.length
    if (this.#waiting.length === 0) this.#rest()
  }

  #rest(): void {
    if (this.#closed) return
    this.#idle = setTimeout(() => {
      const child = this.#child
      this.#child = undefined
      child?.stdin.end()
    }, this.#idleMs)
    this.#idle.unref()
  }

  /** Whoever was waiting asks once more: the death of a reader is no reason to fail a read. */
  #ended(child: ChildProcessWithoutNullStreams, cause: Error | undefined): void {
    if (this.#child !== child) return
    this.#child = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) {
      if (one.again || this.#closed || cause !== undefined) {
        one.reject(new GitError(`git cat-file ended while it was asked for ${one.name}`, { cause }))
      } else {
        one.again = true
        this.#ask(one)
      }
    }
  }
}

type Parsed =
  | { readonly object: GitObject | undefined; readonly length: number }
  | { readonly needed: number }

/** `<id> <type> <size>` and the content, or `<name> missing`. A name can have spaces in it, so the end of the line decides. */
function parseAnswer(buffer: Buffer): Parsed {
  const lineEnd = buffer.indexOf(NEWLINE)
  if (lineEnd === -1) return { needed: buffer.length + 1 }
  const line = buffer.toString('utf8', 0, lineEnd)
  const found = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/.exec(line)
  if (found === null) return { object: undefined, length: lineEnd + 1 }
  const [, id = '', type, size] = found
  const start = lineEnd + 1
  const end = start + Number(size)
  if (buffer.length < end + 1) return { needed: end + 1 }
  // A copy, so that a small file does not keep the whole chunk in memory.
  const content = Buffer.from(buffer.subarray(start, end))
  return { object: { id, type: type as GitObject['type'], content }, length: end + 1 }
}
