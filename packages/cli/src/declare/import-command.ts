import { type Command, Option } from 'commander'
import { lazy } from '../lazy.ts'

/** Adds what reads a Keptn v1 project, and what creates it here. */
export function declareImport(program: Command): void {
  program
    .command('import [source]')
    .description(
      'read a Keptn v1 project (folder, clone or Git URL; default: this folder) and report what behaves differently here',
    )
    .option('--branch <name>', "the branch with shipyard.yaml (default: the repository's own)")
    .option('--git-user <name>', 'for https: the user name beside the token')
    .option(
      '--git-token <token>',
      'for https; - reads it from standard input (or TIPHYS_GIT_TOKEN)',
    )
    .option('--git-private-key <file>', 'for ssh: the private key')
    .option('--git-private-key-pass <text>', 'the passphrase of the private key')
    .option('--git-pem-certificate <file>', "the authority of the host's certificate")
    .option('--allow-http', 'read from an http:// URL, which is not encrypted')
    .addOption(
      new Option(
        '--fail-on <severity>',
        'exit code 1 when something does not work (error), or behaves differently too (warning)',
      ).choices(['error', 'warning']),
    )
    .option('--apply', 'create project, services and files on the server')
    .addOption(new Option('-p, --project <name>', 'the name of the project that --apply creates'))
    .option('--overwrite', 'with --apply: replace files that are there with another content')
    .addOption(
      new Option('-o, --output <format>', 'how to print it')
        .choices(['text', 'json', 'yaml'])
        .default('text'),
    )
    .action(lazy(async () => (await import('../commands/import.ts')).importProject))
}
