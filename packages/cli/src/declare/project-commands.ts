import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'
import { collectValues, outputFlag, projectFlag } from './flags.ts'
import { addGitFlags } from './git-flags.ts'
import { declareIntegrationCommands } from './integration-commands.ts'

const SCOPE_DEFAULT = 'keptn-default'

/** Adds what is made, changed and removed: projects, services, secrets, tokens, files. */
export function declareProjectCommands(
  create: Command,
  update: Command,
  remove: Command,
  program: Command,
): void {
  declareProjects(create, update, remove)
  declareServices(create, remove)
  declareSecrets(create, update, remove)
  declareTokens(create, remove)
  declareIntegrationCommands(create, remove)
  declareAddResource(program)
}

function declareProjects(create: Command, update: Command, remove: Command): void {
  const shipyard = () =>
    new Option('-s, --shipyard <file>', 'its stages and sequences (- is standard input)')
  addGitFlags(
    create
      .command('project <name>')
      .description('create a project from a shipyard, or from a repository that holds one')
      .addOption(shipyard()),
  ).action(lazy(async () => (await import('../commands/project.ts')).createProject))
  addGitFlags(
    update
      .command('project <name>')
      .description('replace the shipyard of a project, give it an upstream')
      .addOption(shipyard()),
  ).action(lazy(async () => (await import('../commands/project.ts')).updateProject))
  remove
    .command('project <name>')
    .description('delete a project with its sequences, events and files')
    .action(lazy(async () => (await import('../commands/project.ts')).deleteProject))
}

function declareServices(create: Command, remove: Command): void {
  create
    .command('service <name>')
    .description('create a service in every stage of a project')
    .addOption(projectFlag().makeOptionMandatory())
    .action(lazy(async () => (await import('../commands/service.ts')).createService))
  remove
    .command('service <name>')
    .description('delete a service from a project')
    .addOption(projectFlag().makeOptionMandatory())
    .action(lazy(async () => (await import('../commands/service.ts')).deleteService))
}

function declareSecrets(create: Command, update: Command, remove: Command): void {
  const scope = () => new Option('-s, --scope <scope>', 'who may use it').default(SCOPE_DEFAULT)
  const literal = () =>
    new Option('--from-literal <key=value>', 'a key with its value; again for more')
      .argParser(collectValues)
      .default([], 'none')
  const file = () =>
    new Option('--from-file <key=path>', 'a key with the content of a file; again for more')
      .argParser(collectValues)
      .default([], 'none')
  create
    .command('secret <name>')
    .description('store a secret; its values can be used and never read again')
    .addOption(literal())
    .addOption(file())
    .addOption(scope())
    .action(lazy(async () => (await import('../commands/secret.ts')).createSecret))
  update
    .command('secret <name>')
    .description('replace the values of a secret')
    .addOption(literal())
    .addOption(file())
    .addOption(scope())
    .action(lazy(async () => (await import('../commands/secret.ts')).updateSecret))
  remove
    .command('secret <name>')
    .description('delete a secret')
    .addOption(scope())
    .action(lazy(async () => (await import('../commands/secret.ts')).deleteSecret))
}

function declareTokens(create: Command, remove: Command): void {
  const several = (text: string, before: readonly string[]) => [...before, text]
  create
    .command('token <name>')
    .description('make a token for a pipeline, a service or a person; it is shown once')
    .addOption(
      new Option(
        '--scope <name>',
        'trigger, answer, approve, read, configure or admin; several with commas',
      )
        .argParser(several)
        .default([], 'none'),
    )
    .addOption(
      new Option('-p, --project <name>', 'a project it is for; again for more')
        .argParser(several)
        .default([], 'every project'),
    )
    .addOption(outputFlag())
    .action(lazy(async () => (await import('../commands/token.ts')).createToken))
  remove
    .command('token <name>')
    .description('revoke a token at once')
    .action(lazy(async () => (await import('../commands/token.ts')).deleteToken))
}

function declareAddResource(program: Command): void {
  program
    .command('add-resource')
    .description('add a file to a project, a stage or a service')
    .addOption(projectFlag().makeOptionMandatory())
    .addOption(new Option('-s, --stage <name>', 'the stage').conflicts('allStages'))
    .option('--all-stages', 'add it to every stage')
    .option('--service <name>', 'the service')
    .requiredOption('-r, --resource <path>', 'the file to add')
    .option('--resourceUri <uri>', 'its name in the project (default: the path as written)')
    .addOption(new Option('--resource-uri <uri>').hideHelp())
    .action(lazy(async () => (await import('../commands/add-resource.ts')).addResource))
}
