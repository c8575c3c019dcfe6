import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { collectValues, labelsFlag, outputFlag } from './flags.ts'

/** Adds what works on files without a server: lint and the offline gate. */
export function declareFileCommands(program: Command): void {
  program
    .command('lint [files...]')
    .description(
      'check files before anything reads them: shipyard, slo, sli, tests, argocd, project (folders: what is in them)',
    )
    .addOption(outputFlag())
    .addOption(
      new Option('--fail-on <severity>', 'the severity from which on the exit code is 2')
        .choices(['error', 'warning'])
        .default('error'),
    )
    .action(lazy(async () => (await import('../commands/lint.ts')).lint))
  declareEvaluate(program)
}

function declareEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('judge service levels here, without a server; the exit code is the verdict')
    .requiredOption('--slo <file>', 'the objectives: slo.yaml')
    .option('--values <file>', 'the measured values as JSON')
    .addOption(
      new Option(
        '--sli <file>',
        'the queries: sli.yaml, or <provider>=<file>; again for more, the more special one later',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--provider <name>', 'who answers the queries: prometheus, http-json, datadog, …')
    .option('--url <url>', 'where the provider is')
    .option('--connections <file>', 'a file with providers: as in tiphys.yaml')
    .addOption(
      new Option(
        '--test-results <format:file>',
        'what a test tool wrote, for the provider test-results (junit, k6, jmeter, playwright, tiphys); again for more',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--start <time>', 'begin of the window')
    .option('--end <time>', 'end of the window')
    .option('--timeframe <duration>', 'the window: until now, or from --start (default: 5m)')
    .option('--previous <file>', 'earlier evaluations to compare with, newest first')
    .option(
      '--history <path>',
      'a file or folder/ of earlier evaluations: compared with, and this one is added',
    )
    .option('--no-record', 'only compare with the history')
    .addOption(
      new Option(
        '--report <file>',
        'write the report there too: .html, .md, .json, .txt, .xml (JUnit)',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option(
      '--user <name>',
      'for the provider; TIPHYS_SLI_PASSWORD is its password, TIPHYS_SLI_TOKEN a bearer token',
    )
    .addOption(new Option('-p, --project <name>', 'for $PROJECT in queries'))
    .addOption(new Option('-s, --stage <name>', 'for $STAGE in queries'))
    .addOption(new Option('--service <name>', 'for $SERVICE in queries'))
    .addOption(labelsFlag('for $LABEL.<key> in queries; several with commas or again'))
    .addOption(
      new Option('--label <key=value>', 'one label, whose value may hold commas; again for more')
        .argParser(collectValues)
        .default([], 'none'),
    )
    .addOption(
      new Option('--fail-on <result>', 'the result from which on the exit code is 1')
        .choices(['fail', 'warning'])
        .default('fail'),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print it')
        .choices(['text', 'json', 'markdown', 'html', 'junit'])
        .default('text'),
    )
    .action(lazy(async () => (await import('../commands/evaluate.ts')).evaluate))
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
