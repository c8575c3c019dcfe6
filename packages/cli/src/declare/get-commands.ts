import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { durationOf } from './duration-flag.ts'
import {
  contextFlag,
  outputFlag,
  projectFlag,
  serviceFlag,
  stageFlag,
  wholeNumber,
} from './flags.ts'

const DEFAULT_PAGE_SIZE = 20
const DEFAULT_PAGES = 100
const DEFAULT_LIMIT = 20
const WATCH_MS = 30 * 60_000

/** Adds `get …`: everything that only reads. */
export function declareGetCommands(get: Command): void {
  declareGetProjects(get)
  declareGetEvents(get)
  declareGetSequences(get)
  declareGetReferences(get)
  declareGetAudit(get)
  get
    .command('integrations')
    .alias('integration')
    .description(
      'services that registered themselves: what they listen to, when they were last seen',
    )
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-integrations.ts')).getIntegrations))
  get
    .command('schema [name]')
    .alias('schemas')
    .description('the JSON Schema of a file, for editors; without a name which there are')
    .option('--into <folder>', 'write it, or all of them, into this folder')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-schema.ts')).getSchema))
  get
    .command('tokens')
    .alias('token')
    .description('names and scopes of tokens, never their texts')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/token.ts')).getTokens))
  get
    .command('secrets')
    .alias('secret')
    .description('names and keys of secrets, never their values')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/secret.ts')).getSecrets))
}

function declareGetAudit(get: Command): void {
  get
    .command('audit')
    .description('who changed what, newest first')
    .addOption(projectFlag())
    .option('--actor <token>', 'only what this token did')
    .option('--action <action>', 'only this, like project.create')
    .addOption(
      new Option('--outcome <outcome>', 'only what was done, or refused').choices([
        'ok',
        'refused',
      ]),
    )
    .option('--from <time>', 'from then on, like 2026-01-02T15:04:05.000Z')
    .option('--to <time>', 'only before that time')
    .addOption(limitFlag())
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-audit.ts')).getAudit))
}

function declareGetProjects(get: Command): void {
  get
    .command('projects [name]')
    .alias('project')
    .description('projects with their stages')
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-projects.ts')).getProjects))
  get
    .command('stages [name]')
    .alias('stage')
    .description('the stages of a project')
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-projects.ts')).getStages))
  get
    .command('services [name]')
    .alias('service')
    .description('the services of a project with what is deployed')
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(stageFlag())
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-projects.ts')).getServices))
}

function declareGetEvents(get: Command): void {
  get
    .command('events [type]')
    .alias('event')
    .description(
      'events, newest first; [type] like evaluation.finished (approval.triggered: the open ones)',
    )
    .addOption(projectFlag())
    .addOption(contextFlag())
    .addOption(stageFlag())
    .addOption(serviceFlag())
    .addOption(
      new Option('--page-size <n>', 'events asked for at once')
        .argParser(wholeNumber(1))
        .default(DEFAULT_PAGE_SIZE),
    )
    .addOption(
      new Option('--num-of-pages <n>', 'pages at most')
        .argParser(wholeNumber(1))
        .default(DEFAULT_PAGES),
    )
    .option('-w, --watch', 'print each event as it comes')
    .addOption(
      new Option('--watch-time <duration>', 'how long to watch')
        .argParser(durationOf)
        .default(WATCH_MS, '30m'),
    )
    .addOption(
      new Option(
        '-o, --output <format>',
        'how to print them (default: text, json in a pipe)',
      ).choices(['text', 'json', 'yaml']),
    )
    .action(lazy(async () => (await import('../commands/get-events.ts')).getEvents))
}

function declareGetSequences(get: Command): void {
  get
    .command('sequences')
    .alias('sequence')
    .description('sequences, newest first, with how far they got')
    .addOption(projectFlag())
    .addOption(contextFlag())
    .option('--sequence <name>', 'only sequences of this name')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        'triggered',
        'started',
        'waiting',
        'waitingForApproval',
        'paused',
        'finished',
        'timedOut',
        'aborted',
      ]),
    )
    .addOption(limitFlag())
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-sequences.ts')).getSequences))
  get
    .command('evaluation')
    .description('the report of an evaluation: the last of a context, or the newest of a project')
    .addOption(projectFlag())
    .addOption(contextFlag())
    .addOption(stageFlag())
    .addOption(serviceFlag())
    .addOption(
      new Option('-o, --output <format>', 'how to print it').choices([
        'json',
        'yaml',
        'text',
        'markdown',
        'html',
      ]),
    )
    .action(lazy(async () => (await import('../commands/get-evaluation.ts')).getEvaluation))
  get
    .command('evaluations')
    .description('evaluations of a project, newest first')
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(stageFlag())
    .addOption(serviceFlag())
    .addOption(limitFlag())
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-evaluation.ts')).getEvaluations))
}

function declareGetReferences(get: Command): void {
  get
    .command('references')
    .alias('reference')
    .description('pinned evaluations of a project: what later ones are compared with')
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(stageFlag())
    .addOption(serviceFlag())
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/get-references.ts')).getReferences))
}

function limitFlag(): Option {
  return new Option('--limit <n>', 'so many at most')
    .argParser(wholeNumber(1))
    .default(DEFAULT_LIMIT)
}
