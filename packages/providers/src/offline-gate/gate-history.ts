import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Evaluation } from '@tiphys/contract/evaluation.ts'
import { type HistoryEntry, HistoryFile } from '@tiphys/contract/offline-gate.ts'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { toPreviousEvaluation } from '@tiphys/core/evaluation/wire.ts'
import type { Subject } from '@tiphys/core/explanation/explanation.ts'
import { type GateSource, InputProblem } from './gate-source.ts'
import { parseGrownFile, whyNot } from './read-gate-file.ts'

/** Evaluations that the gate keeps where `--history` says, and nowhere else. */
export interface GateHistory {
  /** Of the same project, stage and service, newest first. */
  readonly previous: readonly PreviousEvaluation[]
  /** Adds one. Throws what the disk throws. */
  record(evaluation: RecordedEvaluation): Promise<void>
}

export type RecordedEvaluation = {
  readonly timeMs: number
  readonly subject: Subject
  readonly labels: Readonly<Record<string, string>>
  readonly result: string
  readonly evaluation: Evaluation
}

/** More than any slo.yaml compares with; older ones are forgotten when a new one is added. */
const MAX_ENTRIES = 500
/** Of one place: what a baseline may look back on. */
const MAX_PREVIOUS = 100
/** `20261123T041500123Z-….json`: sorted by name is sorted by time. */
const ENTRY_FILE = /^\d{8}T\d{9}Z-[0-9a-f-]{36}\.json$/

/** A folder holds a file per evaluation, for pipelines side by side; a file holds all of them, and is one for `--previous` too. */
export async function openHistory(source: GateSource, subject: Subject): Promise<GateHistory> {
  const path = source.history ?? ''
  const isFolder = await lookAt(path, source.record !== false)
  const entries = isFolder ? await readFolder(source, path) : await readWhole(source, path)
  const own = entries.filter((entry) => isSamePlace(entry, subject)).slice(0, MAX_PREVIOUS)
  return {
    previous: own.map(toPrevious),
    async record(evaluated) {
      const entry = { ...toEntry(evaluated), id: randomUUID() }
      if (isFolder) await addFile(path, entry)
      // Read anew: while providers were asked, another pipeline may have added its own.
      else
        await replaceFile(path, [entry, ...(await readWhole(source, path))].slice(0, MAX_ENTRIES))
    },
  }
}

/** Whether it is a folder, or shall be one. What cannot be written is said before anything is asked. */
async function lookAt(path: string, isRecorded: boolean): Promise<boolean> {
  try {
    const isFolder = (await stat(path)).isDirectory()
    if (isRecorded) await access(path, constants.W_OK)
    return isFolder
  } catch (thrown) {
    if (!isMissing(thrown))
      throw new InputProblem({ complaint: `--history ${path}: ${whyNot(thrown)}` })
  }
  const isFolder = path.endsWith('/')
  if (isRecorded) await make(isFolder ? path : dirname(path), path)
  return isFolder
}

async function make(folder: string, path: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (thrown) {
    throw new InputProblem({ complaint: `--history ${path}: ${whyNot(thrown)}` })
  }
}

async function readFolder(source: GateSource, folder: string): Promise<readonly HistoryEntry[]> {
  const names = (await namesIn(folder)).filter((name) => ENTRY_FILE.test(name))
  const newestFirst = names.toSorted().toReversed().slice(0, MAX_ENTRIES)
  const read = await Promise.all(newestFirst.map((name) => readEntry(source, join(folder, name))))
  return read.flat()
}

/** None where there is no such folder yet. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (thrown) {
    if (isMissing(thrown)) return []
    throw new InputProblem({ complaint: `--history ${folder}: ${whyNot(thrown)}` })
  }
}

/** None where a pipeline beside this one has just forgotten it. */
async function readEntry(source: GateSource, file: string): Promise<readonly HistoryEntry[]> {
  try {
    return await parseGrownFile(source, HistoryFile, file)
  } catch (thrown) {
    if (await isThere(file)) throw thrown
    return []
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (thrown) {
    return !isMissing(thrown)
  }
}

function isMissing(thrown: unknown): boolean {
  return (thrown as { code?: unknown }).code === 'ENOENT'
}

async function readWhole(source: GateSource, file: string): Promise<readonly HistoryEntry[]> {
  return (await isThere(file)) ? await parseGrownFile(source, HistoryFile, file) : []
}

function isSamePlace({ subject }: HistoryEntry, other: Subject): boolean {
  return (['project', 'stage', 'service'] as const).every(
    (key) => (subject?.[key] ?? null) === other[key],
  )
}

function toPrevious(entry: HistoryEntry): PreviousEvaluation {
  const { id, result, evaluation, recordedAt, labels, subject } = entry
  const timeMs = recordedAt === undefined ? Number.NaN : Date.parse(recordedAt)
  return {
    ...toPreviousEvaluation(id, result ?? evaluation.result ?? '', evaluation),
    ...(Number.isNaN(timeMs) ? {} : { timeMs }),
    ...(subject?.version ? { version: subject.version } : {}),
    ...(labels === undefined ? {} : { labels }),
  }
}

function toEntry({ timeMs, subject, labels, result, evaluation }: RecordedEvaluation) {
  const recordedAt = new Date(timeMs).toISOString()
  return { recordedAt, subject, labels, result, evaluation }
}

type NewEntry = ReturnType<typeof toEntry> & { readonly id: string }

async function addFile(folder: string, entry: NewEntry): Promise<void> {
  const stamp = entry.recordedAt.replaceAll(/[-:.]/g, '')
  await replaceFile(join(folder, `${stamp}-${entry.id}.json`), [entry])
  const names = (await readdir(folder)).filter((name) => ENTRY_FILE.test(name)).toSorted()
  for (const name of names.slice(0, -MAX_ENTRIES)) await rm(join(folder, name), { force: true })
}

/** Never half a file, whatever happens meanwhile. */
async function replaceFile(file: string, entries: readonly object[]): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`)
  try {
    // A line for each, which keeps a long history short, and its changes readable.
    const lines = entries.map((entry) => JSON.stringify(entry)).join(',\n')
    await writeFile(draft, `[${lines}]\n`)
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}
