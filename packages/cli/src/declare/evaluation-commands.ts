import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { contextFlag, outputFlag, projectFlag, serviceFlag, stageFlag } from './flags.ts'

/** Adds what people say about evaluations after they were made. */
export function declareEvaluationCommands(program: Command): void {
  withCorrection(program.command('invalidate').description('take back a verdict'))
    .description('take an evaluation back, so that no later one is compared with it')
    .option('--undo', 'let it count again')
    .action(lazy(async () => (await import('../commands/correct-evaluation.ts')).invalidate))
  withCorrection(program.command('pin').description('fix what is compared with'))
    .description('compare with this evaluation instead of the newest ones, until it is unpinned')
    .option('--undo', 'compare with the newest ones again')
    .action(lazy(async () => (await import('../commands/correct-evaluation.ts')).pin))
  declareWhatIf(program)
}

function declareWhatIf(program: Command): void {
  withChoice(program.command('what-if'))
    .description(
      'judge what an evaluation measured by another slo.yaml; nothing is stored, the exit code is the verdict',
    )
    .requiredOption('--slo <file>', 'the objectives: slo.yaml (- is standard input)')
    .option('--evaluation <id>', 'the evaluation (default: the last of the context or place)')
    .addOption(
      new Option(
        '--baseline <runs>',
        'compare with the runs of then, or let the file choose among the earlier ones as they are now',
      )
        .choices(['then', 'now'])
        .default('then'),
    )
    .addOption(
      new Option('--fail-on <result>', 'the result from which on the exit code is 1')
        .choices(['fail', 'warning'])
        .default('fail'),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print it')
        .choices(['text', 'json', 'markdown', 'html'])
        .default('text'),
    )
    .action(lazy(async () => (await import('../commands/what-if.ts')).whatIf))
}

/** `… evaluation [id]`: the one that is named, the last of a context, or the newest of a place. */
function withCorrection(verb: Command): Command {
  return withChoice(verb.command('evaluation [id]'))
    .requiredOption('--reason <text>', 'why; kept with the evaluation and shown in reports')
    .option('--as <name>', 'who says so, beside the name of the token (default: your user name)')
    .addOption(outputFlag())
}

function withChoice(command: Command): Command {
  return command
    .addOption(contextFlag())
    .addOption(projectFlag())
    .addOption(stageFlag())
    .addOption(serviceFlag())
}
