import { type Command, Option } from 'commander'

/** Keptn's flags for an upstream, and a file where a token would stand in the list of processes. */
export function addGitFlags(command: Command): Command {
  return command
    .option('-r, --git-remote-url <url>', 'the repository to keep it in, https or ssh')
    .option('-u, --git-user <name>', 'https: the user beside the token (git)')
    .addOption(
      new Option('-t, --git-token <token>', 'https: a token that may read and push').conflicts([
        'gitTokenFile',
        'gitPrivateKey',
      ]),
    )
    .option('--git-token-file <file>', 'the same, from a file (- is standard input)')
    .option('-k, --git-private-key <file>', 'ssh: the private key')
    .option('-l, --git-private-key-pass <text>', 'ssh: the passphrase of the key')
    .option('-p, --git-proxy-url <host:port>', 'https: the proxy to go through')
    .addOption(
      new Option('-j, --git-proxy-scheme <scheme>', 'how to talk to the proxy')
        .choices(['http', 'https'])
        .default('http'),
    )
    .option('-w, --git-proxy-user <name>', 'the user at the proxy')
    .option('-e, --git-proxy-password <text>', 'the password at the proxy')
    .option('-x, --insecure-skip-tls', 'https: take any certificate')
    .option(
      '-g, --git-pem-certificate <file>',
      'https: the certificate, or its authority, to trust',
    )
}
