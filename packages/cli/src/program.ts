import { Command, Option } from 'commander'
import { declareEvaluationCommands } from './declare/evaluation-commands.ts'
import { declareFileCommands } from './declare/file-commands.ts'
import { declareFlowCommands } from './declare/flow-commands.ts'
import { declareGetCommands } from './declare/get-commands.ts'
import { declareImport } from './declare/import-command.ts'
import { declareOperationsCommands } from './declare/operations-commands.ts'
import { declareProjectCommands } from './declare/project-commands.ts'
import { declareProviderCommands } from './declare/provider-commands.ts'
import { declareServerCommands } from './declare/server-commands.ts'
import { declareTestCommands } from './declare/test-commands.ts'
import { declareTriggerCommands } from './declare/trigger-commands.ts'
import { ownVersion } from './version.ts'

const EXIT_CODES = `
Exit codes:
  0  it worked; of a verdict: pass (warning too, unless --fail-on warning)
  1  the verdict is fail
  2  wrong use, or an invalid file
  3  no verdict: network, server or provider failed, or it took too long

The server and the token come from --endpoint and --api-token, from the
environment (TIPHYS_ENDPOINT, TIPHYS_API_TOKEN; KEPTN_ENDPOINT, KEPTN_API_TOKEN),
or from tiphys auth, whichever is given first.`

/** Every command with its flags. What carries them out is loaded when it is called (lazy.ts). */
export function createProgram(): Command {
  const program = new Command('tiphys')
    .description(
      'Argo CD moves the ship; Tiphys decides the course: test, evaluate, promote, roll back.',
    )
    .version(ownVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', EXIT_CODES)
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride()
  addGlobalFlags(program)
  declareProjectCommands(
    program.command('create').description('create a project, a service, a secret, a token'),
    program.command('update').description('update a project, a secret'),
    program.command('delete').description('delete a project, a service, a secret, a token'),
    program,
  )
  declareTriggerCommands(program)
  declareFlowCommands(program)
  declareEvaluationCommands(program)
  const get = program
    .command('get')
    .description('show projects, stages, services, events, sequences, evaluations, artifacts')
  declareGetCommands(get)
  declareTestCommands(program, get)
  declareProviderCommands(program, get)
  declareFileCommands(program)
  declareImport(program)
  declareServerCommands(program)
  declareOperationsCommands(program)
  program
    .command('version')
    .description('print the version')
    .action(() => {
      process.stdout.write(`${ownVersion()}\n`)
    })
  return program
}

function addGlobalFlags(program: Command): void {
  program
    .option('--endpoint <url>', 'the server (default: http://127.0.0.1:8080)')
    .option('--api-token <token>', 'the token to show it')
    .option('--config-file <path>', 'where tiphys auth remembers endpoint and token')
    .option('-y, --yes', 'do not ask before something is deleted')
    .option('-q, --quiet', 'print results and errors only')
    .option('-v, --verbose', 'print how an error came about')
    .option('--no-color', 'no colours, and plain lines instead of a redrawn timeline')
    .addOption(
      new Option(
        '-n, --namespace <name>',
        'taken for the sake of scripts written for Keptn',
      ).hideHelp(),
    )
}
