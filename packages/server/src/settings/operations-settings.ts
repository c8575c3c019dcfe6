import { parseDuration } from '@tiphys/contract/duration.ts'
import { parseRetention, RETENTION_EXPECTED } from '@tiphys/contract/retention.ts'
import type { SettingsFile } from '@tiphys/contract/settings.ts'

/** How a server ends, and what it forgets. */
export type OperationsSettings = {
  /** How long it goes on serving, and says that it stops, before it stops; unset: by where it listens. */
  readonly shutdownGraceMs?: number
  /** How long what is over is kept; unset: for ever, unless a project says otherwise. */
  readonly retentionMs?: number
}

type Sources = {
  readonly file: SettingsFile
  readonly given: (key: 'shutdownGrace' | 'retention') => string | number | boolean | undefined
}

/** Longer than this nobody waits for a server to stop. */
const LONGEST_GRACE_MS = 5 * 60 * 1_000

export function operationsSettings(
  { file, given }: Sources,
  problems: string[],
): OperationsSettings {
  const grace = given('shutdownGrace') ?? file.shutdownGrace
  const retention = given('retention') ?? file.retention
  const shutdownGraceMs = grace === undefined ? undefined : parseDuration(String(grace))
  const retentionMs = retention === undefined ? undefined : parseRetention(String(retention))
  if (
    grace !== undefined &&
    (shutdownGraceMs === undefined || shutdownGraceMs > LONGEST_GRACE_MS)
  ) {
    problems.push(
      `--shutdown-grace is ${JSON.stringify(grace)}: expected a time like 5s, at most 5m`,
    )
  }
  if (retention !== undefined && retentionMs === undefined) {
    problems.push(`--retention is ${JSON.stringify(retention)}: ${RETENTION_EXPECTED}`)
  }
  return {
    ...(shutdownGraceMs === undefined ? {} : { shutdownGraceMs }),
    ...(retentionMs === undefined ? {} : { retentionMs }),
  }
}
