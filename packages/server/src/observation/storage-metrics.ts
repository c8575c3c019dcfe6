import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Meter } from '../ports/meter.ts'
import type { OutboxStanding } from '../ports/outbox-standing.ts'
import type { Store } from '../ports/store.ts'
import { DATABASE_FILE, PROJECTIONS_FILE } from '../rebuild-projections.ts'

export type StorageParts = {
  readonly dataDir: string
  readonly store: Pick<Store, 'headPosition'>
  readonly foldedPosition: () => number
  readonly outbox: () => OutboxStanding
  readonly meter: Meter
}

const FILES = [DATABASE_FILE, `${DATABASE_FILE}-wal`, PROJECTIONS_FILE, `${PROJECTIONS_FILE}-wal`]
const MS_PER_SECOND = 1_000

/** The log, its outbox, the lists folded from it, and the disk below them. */
export async function collectStorage(parts: StorageParts, nowMs: number): Promise<void> {
  const { store, meter, foldedPosition, outbox, dataDir } = parts
  const head = await store.headPosition()
  meter.set('tiphys_log_position', head, {})
  meter.set('tiphys_projections_behind_rows', Math.max(0, head - foldedPosition()), {})
  const standing = outbox()
  const overdueMs = standing.oldestDueMs === undefined ? 0 : nowMs - standing.oldestDueMs
  meter.set('tiphys_outbox_effects', standing.waiting, {})
  meter.set('tiphys_outbox_retrying', standing.retrying, {})
  meter.set('tiphys_outbox_oldest_due_seconds', Math.max(0, overdueMs) / MS_PER_SECOND, {})
  await collectDisk(dataDir, meter)
}

async function collectDisk(dataDir: string, meter: Meter): Promise<void> {
  for (const file of FILES) {
    // A journal is there only while somebody writes.
    const found = await stat(join(dataDir, file)).catch(() => undefined)
    meter.set('tiphys_data_file_bytes', found?.size ?? 0, { file })
  }
  const { bavail, bsize } = await statfs(dataDir)
  meter.set('tiphys_data_free_bytes', bavail * bsize, {})
}
