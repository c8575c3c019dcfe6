import type { IntegrationEntry } from '@tiphys/contract/http/native-integration.ts'
import { listIntegrations } from '../client/integrations.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { table } from '../output/table.ts'
import { formatTime } from '../output/time.ts'

type Options = GlobalOptions & { readonly output?: DataFormat }

/** Services that registered themselves, one line for each thing they listen to. */
export async function getIntegrations(options: Options): Promise<ExitCode | undefined> {
  const integrations = await listIntegrations(openClient(options))
  printData({ integrations }, options.output, () =>
    integrations.length === 0
      ? 'No integrations are registered; a service registers itself when it starts (docs/integrations.md)'
      : integrationTable(integrations),
  )
  return undefined
}

function integrationTable(integrations: readonly IntegrationEntry[]): string {
  const rows = integrations.flatMap((one) => {
    const seen = `${formatTime(new Date(one.lastSeenAt))}${one.silent ? ' (silent)' : ''}`
    const lines = one.subscriptions.map(({ event, filter }) => [
      event,
      everywhere(filter.projects),
      everywhere(filter.stages),
      everywhere(filter.services),
    ])
    const [first = ['nothing', '', '', ''], ...others] = lines
    return [
      [one.name, seen, ...first, one.lastError?.message ?? ''],
      ...others.map((line) => ['', '', ...line, '']),
    ]
  })
  return table(
    ['NAME', 'LAST SEEN', 'LISTENS TO', 'PROJECTS', 'STAGES', 'SERVICES', 'LAST ERROR'],
    rows,
  )
}

function everywhere(names: readonly string[]): string {
  return names.length === 0 ? 'all' : names.join(', ')
}
