import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import type { HttpClient } from '../client/http-client.ts'
import {
  listResources,
  type ResourcePlace,
  readResource,
  writeResources,
} from '../client/resources.ts'
import { EXIT } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'

export type PlaceResult = {
  readonly written: number
  readonly unchanged: number
  readonly different: readonly ImportedFile[]
  readonly commits: number
  readonly verified: number
}

/** What one request may hold: the server takes 32 MiB and 1,000 files, and base64 makes a third more. */
const MAX_BATCH_BYTES = 23 * 1024 * 1024
const MAX_BATCH_FILES = 1_000
const PARALLEL_READS = 4

type ReadFile = (file: ImportedFile) => Promise<Uint8Array>

/** Writes what is missing at one place, in one commit unless it is more than a request may hold, and reads it back. */
export async function writePlace(
  client: HttpClient,
  place: ResourcePlace,
  files: readonly ImportedFile[],
  read: ReadFile,
  overwrite: boolean,
): Promise<PlaceResult> {
  const there = new Set(await listResources(client, place))
  const present = files.filter(({ uri }) => there.has(uri))
  const equal = await equalFiles(client, place, present, read)
  const unequal = present.filter((file) => !equal.has(file))
  const toWrite = [...files.filter(({ uri }) => !there.has(uri)), ...(overwrite ? unequal : [])]
  const batches = batchesOf(toWrite)
  for (const batch of batches) {
    const contents = await Promise.all(
      batch.map(async (file) => ({ uri: file.uri, content: await read(file) })),
    )
    await writeResources(client, place, contents)
  }
  const verified = await equalFiles(client, place, toWrite, read)
  const lost = toWrite.find((file) => !verified.has(file))
  if (lost !== undefined) {
    throw new CommandFailure(
      `${lost.uri} was written and reads back with another content; somebody else may be writing to the project`,
      EXIT.noVerdict,
    )
  }
  return {
    written: toWrite.length,
    unchanged: equal.size,
    different: overwrite ? [] : unequal,
    commits: batches.length,
    verified: verified.size + equal.size,
  }
}

/** Those whose content on the server is that of the source, byte for byte. */
async function equalFiles(
  client: HttpClient,
  place: ResourcePlace,
  files: readonly ImportedFile[],
  read: ReadFile,
): Promise<ReadonlySet<ImportedFile>> {
  const equal = new Set<ImportedFile>()
  const waiting = files.values()
  async function compareInTurn(): Promise<void> {
    for (const file of waiting) {
      const [theirs, ours] = await Promise.all([readResource(client, place, file.uri), read(file)])
      if (Buffer.compare(theirs, ours) === 0) equal.add(file)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_READS }, compareInTurn))
  return equal
}

function batchesOf(files: readonly ImportedFile[]): ImportedFile[][] {
  const batches: ImportedFile[][] = []
  let bytes = 0
  for (const file of files) {
    const last = batches.at(-1)
    const fits =
      last !== undefined &&
      last.length < MAX_BATCH_FILES &&
      bytes + file.sizeBytes <= MAX_BATCH_BYTES
    if (fits) last.push(file)
    else {
      batches.push([file])
      bytes = 0
    }
    bytes += file.sizeBytes
  }
  return batches
}
