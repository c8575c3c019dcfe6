import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import {
  collectPairs,
  labelsFlag,
  outputFlag,
  projectFlag,
  serviceFlag,
  stageFlag,
} from './flags.ts'

/** Those of sli.yaml; its schema is not loaded for this. */
const AGGREGATES: readonly SeriesAggregate[] = [
  'avg',
  'min',
  'max',
  'sum',
  'last',
  'count',
  'p50',
  'p90',
  'p95',
  'p99',
]

/** Adds what is connected for values of indicators, and a way to try one. */
export function declareProviderCommands(program: Command, get: Command): void {
  get
    .command('providers')
    .alias('provider')
    .description('metrics systems and Argo CDs that are connected: name, kind, host, projects')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-providers.ts')).getProviders))
  program
    .command('try-sli [indicator]')
    .description(
      'ask for one indicator as an evaluation would now: of an sli.yaml, or any query; nothing is judged or stored',
    )
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(stageFlag().makeOptionMandatory())
    .addOption(serviceFlag().makeOptionMandatory())
    .option('--provider <name>', 'whom to ask (default: as an evaluation chooses)')
    .option('--query <text>', 'ask this instead of what stands in sli.yaml')
    .addOption(new Option('--aggregate <how>', 'of several values').choices(AGGREGATES))
    .addOption(
      new Option('--with <key=value>', 'what only the provider knows; again for more')
        .argParser(collectPairs)
        .default({}, 'none'),
    )
    .option('--start <time>', 'from then, like 2026-01-02T15:04:05.000Z')
    .option('--end <time>', 'until then')
    .option('--timeframe <duration>', 'so long (default: the last 5m)')
    .addOption(labelsFlag('labels for $LABEL placeholders'))
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/try-sli.ts')).trySli))
}
