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
    .option('-u, --git-user <name>', 'https: the user beside the token (git)')
    .addOption(
      new Option(
        '-t, --git-token <token>',
        'https: a token that may read (or TIPHYS_GIT_TOKEN)',
      ).conflicts(['gitTokenFile', 'gitPrivateKey']),
    )
    .option('--git-token-file <file>', 'the same, from a file (- is standard input)')
    .option('-k, --git-private-key <file>', 'ssh: the private key')
    .option('-l, --git-private-key-pass <text>', 'ssh: the passphrase of the key')
    .option('-g, --git-pem-certificate <file>', 'https: the authority of the certificate to trust')
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
