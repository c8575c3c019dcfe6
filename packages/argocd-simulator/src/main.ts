import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { LineCounter, parseDocument } from 'yaml'
import { type Simulator, startSimulator } from './simulator.ts'
import { OptionsError, type SimulatorOptions } from './simulator-options.ts'

const USAGE = `tiphys-argocd-simulator: an Argo CD API server for tests and demos, without a cluster

  --config <file>   YAML with the options (docs/argocd-simulator.md); without it: no applications
  --port <number>   port of the API, instead of the one in the file
  --fast            compressed waiting times instead of realistic ones
  --help            this text

Prints the URL of the API, a token, and the URL of each application. Ends on SIGINT and SIGTERM.
`

const WRONG_USE = 2

/** Reads the configuration file. Throws OptionsError with line and column for text that is no YAML. */
async function readConfiguration(path: string): Promise<Record<string, unknown>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new OptionsError(`cannot read the configuration: ${reason}`)
  }
  const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: true })
  const [problem] = document.errors
  if (problem !== undefined) throw new OptionsError(`${path}: ${problem.message}`)
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object') throw new OptionsError(`${path}: must be a map of options`)
  return { ...value }
}

function describe(simulator: Simulator, names: readonly string[]): string {
  const lines = names.map((name) => `  ${name}  ${simulator.ingressUrl(name)}`)
  return [`url    ${simulator.url}`, `token  ${simulator.token}`, ...lines].join('\n')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      port: { type: 'string' },
      fast: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) {
    console.log(USAGE)
    return
  }
  const options: Record<string, unknown> =
    values.config === undefined ? {} : await readConfiguration(values.config)
  if (values.port !== undefined) options['port'] = Number(values.port)
  if (values.fast === true) options['timingPreset'] = 'fast'
  const simulator = await startSimulator(options as SimulatorOptions)
  const applications = (options as SimulatorOptions).applications ?? []
  const names = applications.map(({ metadata }) =>
    metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`,
  )
  console.log(describe(simulator, names))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      simulator.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    })
  }
}

main().catch((error: unknown) => {
  const isWrongUse =
    error instanceof OptionsError ||
    (error instanceof TypeError &&
      'code' in error &&
      String(error.code).startsWith('ERR_PARSE_ARGS'))
  console.error(error instanceof Error && isWrongUse ? error.message : error)
  process.exitCode = isWrongUse ? WRONG_USE : 1
})
