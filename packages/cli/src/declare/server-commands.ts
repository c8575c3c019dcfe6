import { SERVER_FLAGS, type ServerFlag } from '@tiphys/server/settings/server-flags.ts'
import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { outputFlag } from './flags.ts'

/** Adds what is about a server: logging in, running one, looking after it, connecting Argo CD. */
export function declareServerCommands(program: Command): void {
  declareAuth(program)
  declareServe(program)
  declareDoctor(program)
  declareArgocd(program)
  program
    .command('demo')
    .description(
      'show the whole thing on this machine: deliver, test, evaluate, promote, roll back',
    )
    .option('--keep', 'leave everything running at the end, until Ctrl-C')
    .option('--port <number>', 'port of the server (default: a free one)')
    .action(lazy(async () => (await import('../commands/demo.ts')).runDemo))
}

function declareAuth(program: Command): void {
  program
    .command('auth')
    .description('log in: check endpoint and token with the server, and remember them')
    .option('-e <url>', 'the same as --endpoint')
    .option('-a <token>', 'the same as --api-token; - reads it from standard input')
    .option('-c, --export', 'print endpoint and token for other programs')
    .addOption(new Option('-i, --skip-namespace-listing').hideHelp())
    .addOption(new Option('-s, --secure').hideHelp())
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/auth.ts')).auth))
  program
    .command('status')
    .description('say which server we talk to, and who it takes us for')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/status.ts')).status))
}

function declareServe(program: Command): void {
  const serve = program
    .command('serve')
    .description('run a server; every flag can be set in the environment or in tiphys.yaml too')
    .option('--config <file>', 'the settings file (default: tiphys.yaml, when it is there)')
  for (const flag of SERVER_FLAGS) {
    // It is a flag of every command; here it is the token that the server takes.
    if (flag.flag !== 'api-token') serve.addOption(serverFlag(flag))
  }
  serve.addHelpText('after', BOOTSTRAP_TOKEN)
  serve.action(lazy(async () => (await import('../commands/serve.ts')).serve))
}

const BOOTSTRAP_TOKEN = `
--api-token (TIPHYS_API_TOKEN) sets the token that may do everything. Without it
one is made up at the first start and shown once; the server keeps its hash.

Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says (docs/observing.md).`

function serverFlag(flag: ServerFlag): Option {
  const text = `${flag.help} [${flag.environment}]`
  const value = flag.kind === 'boolean' ? '' : ` <${flag.value ?? 'value'}>`
  const shown = flag.shownDefault === undefined ? text : `${text} (default: ${flag.shownDefault})`
  return new Option(`--${flag.flag}${value}`, shown)
}

function declareDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check this machine and the server, and say what to do about what is wrong')
    .option(
      '--data-dir <folder>',
      'the data of the server',
      process.env['TIPHYS_DATA_DIR'] ?? '.tiphys',
    )
    .option('--rebuild', 'fold all lists from the log again; the server must be stopped')
    .option('--verify', 'recompute every hash of the log; the server must be stopped')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/doctor.ts')).doctor))
}

function declareArgocd(program: Command): void {
  program
    .command('argocd')
    .description('connect Argo CD')
    .command('notifications-config')
    .description('print what Argo CD Notifications needs to tell us about its deployments')
    .option('--url <url>', 'where Argo CD reaches us (default: the endpoint)')
    .option(
      '--argocd-url <url>',
      'where people reach Argo CD; becomes the source of the events',
      'https://argocd.example.com',
    )
    .option('--namespace <name>', 'where Argo CD runs', 'argocd')
    .option('--sequence <name>', 'the sequence for applications that name none', 'verify')
    .option('--mint-token <name>', 'make a token that may only trigger, and print its Secret too')
    .addOption(
      new Option(
        '--project <name...>',
        'the projects the new token is for (default: every project)',
      ),
    )
    .action(lazy(async () => (await import('../commands/argocd.ts')).notificationsConfig))
}
