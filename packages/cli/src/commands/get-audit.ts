import type { AuditEntryView } from '@tiphys/contract/http/native-audit.ts'
import { listAudit } from '../client/audit.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { table } from '../output/table.ts'
import { formatTime } from '../output/time.ts'

type Options = GlobalOptions & {
  readonly project?: string
  readonly actor?: string
  readonly action?: string
  readonly outcome?: string
  readonly from?: string
  readonly to?: string
  readonly limit: number
  readonly output?: DataFormat
}

/** Who changed what, newest first. */
export async function getAudit(options: Options): Promise<ExitCode | undefined> {
  const { project, actor, action, outcome, from, to, limit } = options
  const filter = { project, actor, action, outcome, fromTime: from, beforeTime: to }
  const entries = await listAudit(openClient(options), filter, limit)
  printData({ entries }, options.output, () =>
    entries.length === 0 ? 'No entries.' : auditTable(entries),
  )
  return undefined
}

function auditTable(entries: readonly AuditEntryView[]): string {
  return table(
    ['TIME', 'ACTION', 'ACTOR', 'FROM', 'ON', 'OUTCOME'],
    entries.map((entry) => [
      formatTime(new Date(entry.time)),
      entry.action,
      actorOf(entry),
      entry.address ?? '',
      subjectOf(entry),
      outcomeOf(entry),
    ]),
  )
}

function actorOf({ actor, person }: AuditEntryView): string {
  const name = actor === '' ? '(nobody)' : actor
  return person === undefined ? name : `${person} (${name})`
}

function subjectOf(entry: AuditEntryView): string {
  const { project, projectDeleted, stage, service, name, context } = entry
  const shown = project !== undefined && projectDeleted === true ? `${project} (deleted)` : project
  return [shown, stage, service, name, context].filter(Boolean).join(' ')
}

function outcomeOf({ outcome, reason, suppressed }: AuditEntryView): string {
  const word = reason === undefined ? outcome : `${outcome}: ${reason}`
  return suppressed === undefined ? word : `${word} (${suppressed} refusals before it not written)`
}
