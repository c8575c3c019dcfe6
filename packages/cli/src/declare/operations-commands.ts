import type { Command } from 'commander'
import { lazy } from '../lazy.ts'
import { outputFlag } from './flags.ts'

/** Adds what keeps the data safe, and small. */
export function declareOperationsCommands(program: Command): void {
  program.commands
    .find((command) => command.name() === 'delete')
    ?.command('context')
    .argument('<context>', 'a keptn context whose sequences are all over')
    .description('delete its runs, their events and their evaluations at once')
    .option('-p, --project <name>', 'where the context is, when it is in several')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/delete-context.ts')).removeContext))
  program
    .command('backup')
    .argument('<file>', 'where to; it appears when it is whole, and replaces what was there')
    .description('write everything to one file, while the server runs')
    .option('--data-dir <folder>', 'without a server: the data folder itself')
    .option('--include-secret-key', 'put the key of the secrets into it too: keep it like the key')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/backup.ts')).backup))
  program
    .command('restore')
    .argument('<file>', 'a backup')
    .description('make a data folder from a backup, and verify it')
    .requiredOption('--data-dir <folder>', 'an empty folder, or a new one')
    .option('--forget-secrets', 'throw away the secrets, when their key is lost')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/restore.ts')).restore))
}
