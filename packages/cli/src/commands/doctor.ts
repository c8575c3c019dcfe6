import { createHttpClient, type HttpClient } from '../client/http-client.ts'
import { listArgocdInstances, readServerInformation } from '../client/server.ts'
import { connectionOf } from '../connection/connection.ts'
import { checkCommands } from '../doctor/commands.ts'
import type { Finding } from '../doctor/finding.ts'
import { checkDataDirectory, checkGit, checkNode } from '../doctor/machine.ts'
import { checkUpstreams } from '../doctor/upstreams.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { paint, type Terminal, terminalOf } from '../output/terminal.ts'

type Options = GlobalOptions & {
  readonly dataDir: string
  readonly rebuild?: boolean
  readonly verify?: boolean
  readonly output?: DataFormat
}

/** Looks at everything, also after something is wrong. Exit code 1 when something is. */
export async function doctor(options: Options): Promise<ExitCode | undefined> {
  if (options.rebuild === true) return await offline(() => rebuild(options))
  if (options.verify === true) return await offline(() => verify(options))
  const findings = [
    checkNode(process.versions.node),
    checkGit(),
    checkDataDirectory(options.dataDir),
    ...(await checkServer(options)),
  ]
  const terminal = terminalOf(options)
  printData({ findings }, options.output, () =>
    findings.map((finding) => findingText(finding, terminal)).join('\n'),
  )
  return findings.some((finding) => finding.state === 'wrong') ? EXIT.fail : EXIT.pass
}

/** What needs the data folder for itself. */
async function offline(work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work()
  } catch (error) {
    const isRefusal = error instanceof Error && OFFLINE_REFUSALS.includes(error.name)
    throw isRefusal ? new CommandFailure(error.message) : error
  }
}

const OFFLINE_REFUSALS = ['DataFolderInUseError', 'NoDataError', 'NewerDataError']

async function verify(options: Options): Promise<ExitCode> {
  const { verifyData } = await import('@tiphys/server/rebuild-projections.ts')
  const verified = await verifyData(options.dataDir)
  const { rows, broken, missing } = verified
  printData({ dataDir: options.dataDir, ...verified }, options.output, () => {
    if (broken !== undefined) {
      return `${options.dataDir}: row ${broken.version} of the stream ${broken.stream} is not what its hash says; restore a backup`
    }
    return missing === undefined
      ? `${options.dataDir}: ${rows} events, all of them whole`
      : `${options.dataDir}: ${missing.count} event(s) are gone that nobody deleted, between the positions ${missing.first} and ${missing.last}; restore a backup`
  })
  return broken === undefined && missing === undefined ? EXIT.pass : EXIT.fail
}

async function rebuild(options: Options): Promise<ExitCode> {
  const { rebuildProjections } = await import('@tiphys/server/rebuild-projections.ts')
  await rebuildProjections(options.dataDir)
  printNote(`All lists in ${options.dataDir} were folded from the log again.`)
  return EXIT.pass
}

async function checkServer(options: Options): Promise<Finding[]> {
  const { endpoint, token, from } = connectionOf(options)
  const client = createHttpClient({ endpoint, ...(token === undefined ? {} : { token }) })
  const health = await reach(client, from)
  if (health.state === 'wrong') return [health]
  const known = await attempt('token', async () => {
    const { version, token: own } = await readServerInformation(client)
    const projects = own.projects.includes('*') ? 'every project' : own.projects.join(', ')
    return `${own.name}: ${own.scopes.join(', ')} for ${projects || 'no project'} (server ${version})`
  })
  if (known.state === 'wrong') return [health, known]
  const commands = await checkCommands(client)
  const argocd = await checkArgocd(client)
  return [health, known, ...commands, ...argocd, ...(await checkUpstreams(client))]
}

/** Alive and able to serve are two questions: a server that starts answers the first only. */
function reach(client: HttpClient, from: string): Promise<Finding> {
  return attempt('server', async () => {
    await client.request({ method: 'GET', path: '/healthz' })
    await client.request({ method: 'GET', path: '/readyz' })
    return `${client.endpoint} (from ${from}) is ready`
  })
}

async function checkArgocd(client: HttpClient): Promise<Finding[]> {
  try {
    const instances = await listArgocdInstances(client)
    if (instances.length === 0) {
      const message = 'none is connected; name one under argocd.instances in tiphys.yaml'
      return [{ name: 'argocd', state: 'note', message }]
    }
    return instances.map(({ name, url, reachable, message, version }) => ({
      name: `argocd ${name}`,
      state: reachable ? ('good' as const) : ('wrong' as const),
      message: [url, version, message].filter(Boolean).join(', '),
    }))
  } catch (error) {
    return [{ name: 'argocd', state: 'wrong', message: (error as Error).message }]
  }
}

async function attempt(name: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { name, state: 'good', message: await work() }
  } catch (error) {
    return { name, state: 'wrong', message: (error as Error).message }
  }
}

function findingText({ name, state, message }: Finding, terminal: Terminal): string {
  switch (state) {
    case 'good':
      return `${paint(terminal, 'green', '✔')} ${name}: ${message}`
    case 'note':
      return `${paint(terminal, 'yellow', '·')} ${name}: ${message}`
    case 'wrong':
      return `${paint(terminal, 'red', '✖')} ${name}: ${message}`
  }
}
