import { Readable } from 'node:stream'
import type { Actor } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { BackupManifest } from './backup-manifest.ts'
import {
  type BackupParts,
  BackupRefusedError,
  removeStaging,
  type StagedBackup,
  stageBackup,
} from './create-backup.ts'

/** Backups of a server that runs, streamed to whoever asks: to a file of his, never to a path on this machine that he names. */
export type Backups = {
  create(wish: {
    readonly includeSecretKey: boolean
    readonly actor: Actor
    readonly signal: AbortSignal
  }): Promise<BackupAnswer>
  /** Ends the one that is under way. */
  close(): Promise<void>
}

export type BackupAnswer =
  | {
      readonly code: 'created'
      readonly content: Readable
      readonly sizeBytes: number
      readonly manifest: BackupManifest
    }
  /** One at a time: each needs as much space as the log has. */
  | { readonly code: 'busy'; readonly message: string }
  | { readonly code: 'invalid'; readonly message: string }

export type BackupsParts = BackupParts & {
  readonly clock: Pick<Clock, 'nowMs' | 'at'>
  readonly logger: Log
  readonly onCreated?: (manifest: BackupManifest, actor: Actor) => void
}

export async function createBackups(parts: BackupsParts): Promise<Backups> {
  await removeStaging(parts.dataDir)
  const stop = new AbortController()
  let busy: Promise<unknown> | undefined

  async function create(wish: Parameters<Backups['create']>[0]): Promise<BackupAnswer> {
    const { includeSecretKey, actor } = wish
    const startedMs = parts.clock.nowMs()
    const signal = AbortSignal.any([wish.signal, stop.signal])
    let staged: StagedBackup
    try {
      staged = await stageBackup(parts, { includeSecretKey, signal })
    } catch (error) {
      if (error instanceof BackupRefusedError) return { code: 'invalid', message: error.message }
      throw error
    }
    const { manifest, sizeBytes } = staged
    const durationMs = parts.clock.nowMs() - startedMs
    const { headPosition } = manifest
    parts.logger.info({ by: actor.name, sizeBytes, headPosition, durationMs }, 'backup made')
    if (includeSecretKey) {
      parts.logger.warn({ by: actor.name }, 'the backup holds the key of the secrets')
    }
    parts.onCreated?.(manifest, actor)
    const stalled = new AbortController()
    const content = Readable.from(watched(staged.content(), parts.clock, stalled), {
      signal: AbortSignal.any([stop.signal, stalled.signal]),
      objectMode: false,
    })
    const sent = new Promise<void>((resolve) => content.once('close', resolve))
    busy = sent.then(() => staged[Symbol.asyncDispose]())
    return { code: 'created', content, sizeBytes, manifest }
  }

  return {
    async create(wish) {
      if (busy !== undefined) {
        return { code: 'busy', message: 'another backup is under way; try again when it is done' }
      }
      const creating = create(wish)
      busy = creating
      try {
        return await creating
      } finally {
        const rest = busy === creating ? undefined : busy
        busy = rest
        rest
          ?.catch((error: unknown) =>
            parts.logger.warn({ error }, 'what a backup was made from could not be removed'),
          )
          .finally(() => {
            busy = undefined
          })
      }
    },
    async close() {
      stop.abort(new Error('the server is stopping'))
      await busy?.catch(() => undefined)
    },
  }
}

/** A client that takes nothing for so long has gone; others wait for their turn, and the copy takes space. */
const LONGEST_PAUSE_MS = 2 * 60 * 1_000

/** Aborts when nobody takes the next piece in time. */
async function* watched(
  content: AsyncIterable<Uint8Array>,
  clock: Pick<Clock, 'nowMs' | 'at'>,
  stalled: AbortController,
): AsyncGenerator<Uint8Array> {
  let cancel = () => {}
  try {
    for await (const chunk of content) {
      cancel = clock.at(clock.nowMs() + LONGEST_PAUSE_MS, () =>
        stalled.abort(new Error('nobody takes the backup')),
      )
      yield chunk
      cancel()
    }
  } finally {
    cancel()
  }
}
