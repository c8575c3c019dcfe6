import { resolve } from 'node:path'
import { createServer } from '@tiphys/server/main.ts'
import { loadSettings } from '@tiphys/server/settings/load-settings.ts'
import { SERVER_FLAGS } from '@tiphys/server/settings/server-flags.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printLine, printNote } from '../output/print.ts'
import { ownName } from '../own-name.ts'
import { ownVersion } from '../version.ts'

type Options = GlobalOptions & Readonly<Record<string, string | boolean | undefined>>

/** What is wrong with the data folder or the secrets of the settings, said in a sentence. */
const EXPECTED = [
  'BootstrapTokenError',
  'SecretKeyFileError',
  'SecretKeyMismatchError',
  'DataFolderInUseError',
  'NewerDataError',
]
const IN_USE = 'EADDRINUSE'
const NOT_ALLOWED = 'EACCES'

/** Runs a server until it is asked to stop. */
export async function serve(options: Options): Promise<ExitCode | undefined> {
  const settings = settingsOf(options)
  // From here on a signal is an order to stop, also one that comes while the server starts.
  const asked = untilAskedToStop()
  const server = await start(settings)
  printLine(
    `Tiphys ${ownVersion()} is ready at ${server.url} (data in ${resolve(settings.dataDir)})`,
  )
  if (server.bootstrapToken !== undefined) printLine(tokenText(server.url, server.bootstrapToken))
  await asked
  printNote('Stopping: what is decided is written first. Open sequences go on at the next start.')
  await server.stop()
  leaveSoon()
  return EXIT.pass
}

function settingsOf(options: Options) {
  const config = options['config']
  const result = loadSettings({
    flags: Object.fromEntries(SERVER_FLAGS.map(({ flag }) => [flag, options[camelCase(flag)]])),
    environment: process.env,
    ...(typeof config === 'string' ? { file: config } : {}),
  })
  if (result.code === 'invalid') throw new CommandFailure(result.problems.join('\ntiphys: '))
  for (const warning of result.warnings) printNote(`tiphys: ${warning}`)
  return result.settings
}

async function start(settings: ReturnType<typeof settingsOf>) {
  try {
    return await createServer(settings)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const { host, port } = settings
    if (code === IN_USE) {
      throw new CommandFailure(`port ${port} of ${host} is taken; choose another with --port`)
    }
    if (code === NOT_ALLOWED) {
      throw new CommandFailure(
        `listening on port ${port} of ${host} is not allowed; choose another with --port`,
      )
    }
    if (error instanceof Error && EXPECTED.includes(error.name))
      throw new CommandFailure(error.message)
    throw error
  }
}

/** Only on the terminal, never in a log: logs are kept and read by others. */
function tokenText(url: string, token: string): string {
  return [
    '',
    `  API token, shown this once:  ${token}`,
    '',
    '  Log in from another terminal:',
    `    ${ownName()} auth --endpoint ${url} --api-token ${token}`,
    '',
    '  Lost it? Start again with --api-token and one of your own.',
    '',
  ].join('\n')
}

/** The first SIGINT or SIGTERM asks for an orderly end, the second does not wait for it. */
function untilAskedToStop(): Promise<void> {
  return new Promise((done) => {
    let isStopping = false
    const stop = (signal: NodeJS.Signals) => {
      if (isStopping) process.exit(signal === 'SIGINT' ? INTERRUPTED : TERMINATED)
      isStopping = true
      done()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}

/** What hung and was left behind may keep the process alive; it does not. */
function leaveSoon(): void {
  setTimeout(() => process.exit(EXIT.pass), LEFT_BEHIND_MS).unref()
}

const LEFT_BEHIND_MS = 500

/** What shells say of a process that ended by a signal: 128 and its number. */
const INTERRUPTED = 130
const TERMINATED = 143

function camelCase(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
