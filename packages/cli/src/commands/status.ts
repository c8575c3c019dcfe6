import { createHttpClient } from '../client/http-client.ts'
import { readServerInformation } from '../client/server.ts'
import { connectionOf } from '../connection/connection.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'

/** Which server we talk to, and who it takes us for. */
export async function status(
  options: GlobalOptions & { readonly output?: DataFormat },
): Promise<ExitCode | undefined> {
  const { endpoint, token, from } = connectionOf(options)
  const client = createHttpClient({ endpoint, ...(token === undefined ? {} : { token }) })
  const information = await readServerInformation(client)
  const { version, keptnVersion } = information
  const { name, scopes, projects } = information.token
  printData({ endpoint, ...information }, options.output, () =>
    [
      `Tiphys ${version} at ${endpoint} (from ${from}), speaking the API of Keptn ${keptnVersion}.`,
      `Logged in with the token ${name}: ${scopes.join(', ')} for ${projectsText(projects)}.`,
    ].join('\n'),
  )
  return undefined
}

function projectsText(projects: readonly string[]): string {
  if (projects.includes('*')) return 'every project'
  return projects.length === 0 ? 'no project' : projects.join(', ')
}
