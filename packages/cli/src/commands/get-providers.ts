import { listProviders } from '../client/providers.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { table } from '../output/table.ts'

type Options = GlobalOptions & { readonly output?: DataFormat }

/** Metrics systems and Argo CDs that are connected, one line each. */
export async function getProviders(options: Options): Promise<ExitCode | undefined> {
  const providers = await listProviders(openClient(options))
  printData({ providers }, options.output, () =>
    providers.length === 0
      ? 'Nothing is connected; tiphys.yaml of the server names metrics systems under providers (docs/providers.md)'
      : table(
          ['NAME', 'KIND', 'HOST', 'PROJECTS'],
          providers.map(({ name, kind, host = '', projects }) => [
            name,
            kind,
            host,
            projects === undefined ? 'all' : projects.join(', '),
          ]),
        ),
  )
  return undefined
}
