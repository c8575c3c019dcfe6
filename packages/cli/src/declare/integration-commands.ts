import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'

/** Adds what people change of integrations: what they listen to, and whether they are there at all. They register themselves. */
export function declareIntegrationCommands(create: Command, remove: Command): void {
  create
    .command('subscription <integration>')
    .description('let an integration (name or id) listen to an event as well')
    .requiredOption('--event <type>', 'like test.triggered')
    .addOption(several('-p, --project <name>', 'only of this project; again for more'))
    .addOption(several('-s, --stage <name>', 'only in this stage; again for more'))
    .addOption(several('--service <name>', 'only of this service; again for more'))
    .action(lazy(async () => (await import('../commands/integration.ts')).createSubscription))
  remove
    .command('subscription <integration> <id>')
    .description('let an integration (name or id) no longer listen')
    .action(lazy(async () => (await import('../commands/integration.ts')).deleteSubscription))
  remove
    .command('integration <integration>')
    .description('forget an integration (name or id) that is gone for good')
    .action(lazy(async () => (await import('../commands/integration.ts')).deleteIntegration))
}

function several(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((text: string, before: readonly string[]) => [...before, text])
    .default([], 'all')
}
