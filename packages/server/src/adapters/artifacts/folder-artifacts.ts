import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Artifact, ArtifactBook, ArtifactLimits, Artifacts } from '../../ports/artifacts.ts'
import type { Clock } from '../../ports/clock.ts'

/**
 *   artifacts/<project id>/<run id>/1-1.json     the files of task 1, attempt 1: name, size, time, and under which number
 *                                   1-1.0, …     the files
 *
 * A file counts from the moment the list names it: what a crash left beside it is removed with the run, or when the attempt begins again.
 */
export type FolderArtifactsParts = {
  readonly folder: string
  readonly limits: ArtifactLimits
  readonly clock: Pick<Clock, 'nowMs'>
}

const Entry = z.object({
  name: z.string(),
  sizeBytes: z.int().nonnegative(),
  keptMs: z.number(),
  file: z.string().regex(/^\d+-\d+\.\d+$/),
})
const Book = z.array(Entry)
type Entry = z.infer<typeof Entry>

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,60}$/
const BOOK_NAME = /^\d+-\d+\.json$/
const OWNER_ONLY = 0o600
const OWNER_ONLY_FOLDER = 0o700

export function createFolderArtifacts(parts: FolderArtifactsParts): Artifacts {
  const { folder, limits, clock } = parts
  const runFolder = (projectId: string, runId: string) =>
    join(folder, checkedId(projectId), checkedId(runId))

  async function entriesOf(run: string): Promise<(Entry & { readonly book: string })[]> {
    const names = (await namesIn(run)).filter((name) => BOOK_NAME.test(name)).toSorted()
    const books = await Promise.all(
      names.map(async (book) => (await readBook(join(run, book))).map((one) => ({ ...one, book }))),
    )
    return books.flat().toSorted((left, right) => left.keptMs - right.keptMs)
  }

  return {
    async begin({ projectId, runId, task }): Promise<ArtifactBook> {
      const run = runFolder(projectId, runId)
      await mkdir(run, { recursive: true, mode: OWNER_ONLY_FOLDER })
      const key = `${task.index}-${task.attempt}`
      for (const name of await namesIn(run)) {
        if (name === `${key}.json` || name.startsWith(`${key}.`)) await rm(join(run, name))
      }
      const others = await entriesOf(run)
      const prefix = `${task.name}-${task.index}${task.attempt > 1 ? `.${task.attempt}` : ''}`
      return createBook({ run, key, prefix, others, limits, clock })
    },
    async list(projectId, runId) {
      const entries = await entriesOf(runFolder(projectId, runId))
      return entries.map(({ name, sizeBytes, keptMs }): Artifact => ({ name, sizeBytes, keptMs }))
    },
    async open(projectId, runId, name) {
      const run = runFolder(projectId, runId)
      const entry = (await entriesOf(run)).find((one) => one.name === name)
      if (entry === undefined) return undefined
      const { sizeBytes, keptMs } = entry
      const file = join(run, entry.file)
      // Opened before it is promised: a file that was removed meanwhile is none.
      const handle = await open(file).catch(unlessMissing)
      if (handle === undefined) return undefined
      const content = createReadStream(file, { fd: handle, end: Math.max(0, sizeBytes - 1) })
      return { artifact: { name, sizeBytes, keptMs }, content }
    },
    async runs() {
      const found: { projectId: string; runId: string }[] = []
      for (const projectId of await namesIn(folder)) {
        if (!ID.test(projectId)) continue
        for (const runId of await namesIn(join(folder, projectId))) {
          if (ID.test(runId)) found.push({ projectId, runId })
        }
      }
      return found
    },
    async forgetRuns(projectId, runIds) {
      for (const runId of runIds) {
        await rm(runFolder(projectId, runId), { recursive: true, force: true })
      }
      await rmdir(join(folder, checkedId(projectId))).catch(() => undefined)
    },
    async forgetProject(projectId) {
      await rm(join(folder, checkedId(projectId)), { recursive: true, force: true })
    },
  }
}

type BookParts = {
  readonly run: string
  readonly key: string
  readonly prefix: string
  /** Of other tasks of the run. */
  readonly others: readonly Entry[]
  readonly limits: ArtifactLimits
  readonly clock: Pick<Clock, 'nowMs'>
}

function createBook(parts: BookParts): ArtifactBook {
  const { run, key, prefix, others, limits, clock } = parts
  let entries: readonly Entry[] = []
  let next = 0

  return {
    async keep(name, content) {
      const shown = `${prefix}/${name}`
      const rest = entries.filter((entry) => entry.name !== shown)
      const usedBytes = [...others, ...rest].reduce((sum, one) => sum + one.sizeBytes, 0)
      const full = { code: 'full', limitBytes: limits.maxRunBytes } as const
      if (others.length + rest.length >= limits.maxRunFiles) return full
      const leftBytes = limits.maxRunBytes - usedBytes
      const file = `${key}.${next}`
      next += 1
      const sizeBytes = await writeUpTo(
        join(run, file),
        content,
        Math.min(limits.maxFileBytes, leftBytes),
      )
      if (sizeBytes === undefined) {
        if (leftBytes < limits.maxFileBytes) return full
        return { code: 'too-large', limitBytes: limits.maxFileBytes }
      }
      const entry: Entry = { name: shown, sizeBytes, keptMs: clock.nowMs(), file }
      const replaced = entries.find((one) => one.name === shown)
      entries = [...rest, entry]
      await writeBook(join(run, `${key}.json`), entries)
      if (replaced !== undefined) await rm(join(run, replaced.file), { force: true })
      return { code: 'kept', artifact: { name: shown, sizeBytes, keptMs: entry.keptMs } }
    },
  }
}

/** Answers the size; undefined, and no file, when there is more than the limit. */
async function writeUpTo(
  file: string,
  content: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<number | undefined> {
  const handle = await open(file, 'wx', OWNER_ONLY)
  let sizeBytes = 0
  let isKept = false
  try {
    for await (const chunk of content) {
      sizeBytes += chunk.length
      if (sizeBytes > limitBytes) return undefined
      await handle.writeFile(chunk)
    }
    await handle.sync()
    isKept = true
    return sizeBytes
  } finally {
    await handle.close()
    if (!isKept) await rm(file, { force: true })
  }
}

async function writeBook(file: string, entries: readonly Entry[]): Promise<void> {
  const unfinished = `${file}.partial`
  await writeFile(unfinished, JSON.stringify(entries), { mode: OWNER_ONLY, flush: true })
  await rename(unfinished, file)
}

/** A list that cannot be read is one of nothing: files are for people, and no run may hang on them. */
async function readBook(file: string): Promise<readonly Entry[]> {
  const text = await readFile(file, 'utf8').catch(unlessMissing)
  if (text === undefined) return []
  try {
    return Book.parse(JSON.parse(text))
  } catch {
    return []
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(unlessMissing)) ?? []
}

function unlessMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw error
}

/** Ids are ours, and name folders. */
function checkedId(id: string): string {
  if (!ID.test(id)) throw new Error(`${JSON.stringify(id)} is no id`)
  return id
}
