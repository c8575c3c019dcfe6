import { RESULT_FORMATS } from '@tiphys/contract/test-result-format.ts'
import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { contextFlag, outputFlag, projectFlag, serviceFlag, stageFlag } from './flags.ts'

/** Adds what has to do with results and files of tests. */
export function declareTestCommands(program: Command, get: Command): void {
  get
    .command('artifacts [run]')
    .alias('artifact')
    .description('logs and files that the tests of a run, or of a context, left')
    .addOption(contextFlag())
    .addOption(projectFlag())
    .option('--show <name>', 'print one of them, like test-1/e2e/output.log')
    .option('--download <folder>', 'save them all below a folder')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-artifacts.ts')).getArtifacts))
  program
    .command('add')
    .description('hand in results of tests')
    .command('test-results <files...>')
    .description('hand in result files: for an open test task, or for evaluations of a context')
    .addOption(
      new Option('-f, --format <format>', 'of files that are not written as format:file').choices(
        RESULT_FORMATS,
      ),
    )
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(stageFlag().makeOptionMandatory())
    .addOption(serviceFlag().makeOptionMandatory())
    .addOption(contextFlag())
    .option('--task <id>', 'the test task: the id of its triggered event')
    .option('--name <name>', 'what they are called among the targets (default: uploaded)')
    .addOption(
      new Option('--result <result>', 'of the task (default: fail where a check failed)').choices([
        'pass',
        'warning',
        'fail',
      ]),
    )
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/add-test-results.ts')).addResults))
}
