import { type Command, InvalidArgumentError, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { durationOf } from './duration-flag.ts'
import {
  collectValues,
  labelsFlag,
  outputFlag,
  projectFlag,
  serviceFlag,
  stageFlag,
} from './flags.ts'

const HOUR_MS = 3_600_000

/** Adds everything that starts, decides, stops: trigger, send, approve, pause, resume, abort. */
export function declareTriggerCommands(program: Command): void {
  const trigger = program
    .command('trigger')
    .description('start a delivery, an evaluation or any other sequence')
  declareDelivery(trigger)
  declareEvaluation(trigger)
  declareSequence(trigger)
}

function declareDelivery(trigger: Command): void {
  withWait(withTarget(trigger.command('delivery')))
    .description('deliver a new image of a service')
    .requiredOption('--image <image>', 'the image, like ghcr.io/acme/carts:1.4')
    .option('--sequence <name>', 'the sequence to start', 'delivery')
    .addOption(
      new Option(
        '--values <key=value>',
        'more configuration to change; a.b=c nests; again for more',
      )
        .argParser(collectValues)
        .default([], 'none'),
    )
    .action(lazy(async () => (await import('../commands/trigger.ts')).triggerDelivery))
}

function declareEvaluation(trigger: Command): void {
  withWait(withTarget(trigger.command('evaluation')))
    .description('evaluate the service levels of a service in a stage')
    .option('--timeframe <duration>', 'how far back, until now or from --start (5m)')
    .option('--start <time>', 'begin of the window, like 2026-11-22T21:00:00')
    .option('--end <time>', 'end of the window')
    .option('--git-commit-id <id>', 'evaluate with the files of this commit')
    .action(lazy(async () => (await import('../commands/trigger.ts')).triggerEvaluationOf))
}

function declareSequence(trigger: Command): void {
  withWait(withTarget(trigger.command('sequence <name>')))
    .description('start any sequence of the shipyard')
    .addOption(
      new Option('-d, --data <key=value>', 'data for its tasks; a.b=c nests; again for more')
        .argParser(collectValues)
        .default([], 'none'),
    )
    .action(lazy(async () => (await import('../commands/trigger.ts')).triggerSequence))
}

function withTarget(command: Command): Command {
  return command
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(serviceFlag().makeOptionMandatory())
    .addOption(stageFlag())
    .addOption(labelsFlag())
}

/** Whatever starts something can wait for it, and then its exit code is the verdict. */
export function withWait(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--wait [scope]',
        'wait until it is over; the exit code is the verdict (sequence: do not wait for what it triggers)',
      ).choices(['context', 'sequence']),
    )
    .addOption(
      new Option('--timeout <duration>', 'how long to wait')
        .argParser(durationOf)
        .default(HOUR_MS, '1h'),
    )
    .addOption(
      new Option('--fail-on <result>', 'the result from which on the exit code is 1')
        .choices(['fail', 'warning'])
        .default('fail'),
    )
    .option('-w, --watch', 'show how it goes; the exit code says nothing about the verdict')
    .addOption(
      new Option('--watch-time <duration>')
        .argParser(watchTime)
        .hideHelp()
        .implies({ watch: true }),
    )
    .addOption(outputFlag())
}

/** Keptn's flag; `--timeout` does the same. */
function watchTime(text: string): number {
  const durationMs = durationOf(text)
  if (durationMs <= 0) throw new InvalidArgumentError('It must be more than nothing.')
  return durationMs
}
