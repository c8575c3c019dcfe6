import type { Command } from 'commander'
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
