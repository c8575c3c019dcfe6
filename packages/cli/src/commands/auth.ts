import { createHttpClient } from '../client/http-client.ts'
import { configPath, writeConfig } from '../connection/config-file.ts'
import { connectionOf } from '../connection/connection.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'

type Options = GlobalOptions & {
  readonly export?: boolean
  readonly output?: DataFormat
  /** Keptn's short flags; commander keeps them apart from the global long ones. */
  readonly e?: string
  readonly a?: string
}

const NO_TOKEN =
  'a token is needed: tiphys auth --endpoint <url> --api-token <token>, or --api-token - to read it from standard input (the server printed the token when it was first started)'

/** Checks endpoint and token with the server, and only then remembers them. */
export async function auth(options: Options): Promise<ExitCode | undefined> {
  if (options.export === true) return exportConnection(options)
  const { endpoint, token } = connectionOf(await flagsOf(options))
  if (token === undefined) throw new CommandFailure(NO_TOKEN)
  const client = createHttpClient({ endpoint, token })
  await client.request({ method: 'POST', path: '/api/v1/auth' })
  const path = configPath(options.configFile, process.env)
  writeConfig(path, { endpoint, apiToken: token })
  printNote(`Logged in to ${endpoint}; remembered in ${path}.`)
  return undefined
}

/** What other programs need to talk to the same server. */
function exportConnection(options: Options): undefined {
  const { endpoint, token } = connectionOf(options)
  if (token === undefined) throw new CommandFailure(NO_TOKEN)
  printData(
    { endpoint, apiToken: token },
    options.output,
    `TIPHYS_ENDPOINT=${endpoint}\nTIPHYS_API_TOKEN=${token}`,
  )
  return undefined
}

/** A token on standard input stands in no list of processes and no history of a shell. */
async function flagsOf(options: Options): Promise<Options> {
  const endpoint = options.endpoint ?? options.e
  const written = options.apiToken ?? options.a
  const apiToken = written === '-' ? (await readText('-')).trim() : written
  return {
    ...options,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(apiToken === undefined ? {} : { apiToken }),
  }
}
