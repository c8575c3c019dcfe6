import type { GitFailure, GitFailureCode } from '../../ports/desired-state.ts'
import type { GitResult } from './git-command.ts'

/** What git says (in English: `LC_ALL=C`) when something is wrong out there, and what it means. The first that matches counts. */
const MEANINGS: readonly {
  readonly said: RegExp
  readonly code: GitFailureCode
  readonly sentence: string
}[] = [
  {
    said: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/i,
    code: 'host-not-trusted',
    sentence:
      'its ssh host key is not the one that was pinned on first use; if its owner says that it was changed, forget the old one with ssh-keygen -R <host> -f <data-dir>/git-home/known_hosts',
  },
  {
    said: /Load key .*: (error|invalid|incorrect)|incorrect passphrase supplied/i,
    code: 'authentication-refused',
    sentence: 'the private key cannot be read: it is no key, or the passphrase is not its',
  },
  {
    said: /HTTP code 407|response 407|Proxy Authentication Required/i,
    code: 'authentication-refused',
    sentence: 'the proxy does not accept the credentials for it',
  },
  {
    said: /resolve proxy|from proxy after CONNECT|CONNECT tunnel failed|Proxy CONNECT aborted/i,
    code: 'unreachable',
    sentence: 'the proxy does not get there',
  },
  {
    said: /SSL certificate|certificate verif|unable to get local issuer|SSL peer certificate/i,
    code: 'host-not-trusted',
    sentence: 'its TLS certificate is not trusted',
  },
  {
    said: /transport '.*' not allowed|protocol .* not supported/i,
    code: 'url-not-allowed',
    sentence: "the server's settings do not allow this protocol for Git",
  },
  {
    said: /Authentication failed|could not read (Username|Password)|returned error: 401|Permission denied \(|Access denied|invalid username or (password|token)/i,
    code: 'authentication-refused',
    sentence: 'it does not accept the credentials, or there are none for it',
  },
  {
    said: /returned error: 403/i,
    code: 'authentication-refused',
    sentence: 'the credentials may not do this (403)',
  },
  {
    said: /repository .*not found|Repository not found|does not appear to be a git repository|returned error: 404|not found: did you run git update-server-info/i,
    code: 'repository-not-found',
    sentence: 'there is no such repository, or these credentials do not see it',
  },
  {
    said: /couldn't find remote ref|Remote branch .* not found/i,
    code: 'branch-not-found',
    sentence: 'it has no such branch',
  },
  {
    said: /Could not resolve host|Name or service not known|Temporary failure in name resolution/i,
    code: 'unreachable',
    sentence: 'its name cannot be resolved',
  },
  {
    said: /returned error: (5\d\d|429)/i,
    code: 'unreachable',
    sentence: 'it answers with an error of its own',
  },
  {
    said: /Connection refused|Failed to connect|Could not connect|Couldn't connect|Connection (reset|closed|timed out)|Operation timed out|Network is unreachable|No route to host|Empty reply|early EOF|hung up unexpectedly|RPC failed|Recv failure|unexpected disconnect|transfer closed|connect to host/i,
    code: 'unreachable',
    sentence: 'it cannot be reached',
  },
]

const RETRYABLE: Readonly<Record<GitFailureCode, boolean>> = {
  'authentication-refused': false,
  'repository-not-found': false,
  'branch-not-found': false,
  'push-refused': false,
  'push-raced': true,
  unreachable: true,
  'timed-out': true,
  'host-not-trusted': false,
  'url-not-allowed': false,
  'shipyard-unreadable': false,
  'git-failed': false,
}

const MAX_WORDS_CHARACTERS = 500

/** What went wrong with a remote repository. `where` names it for people; `secrets` are masked, should a host repeat them. */
export function failureOf(
  result: GitResult,
  where: string,
  secrets: readonly string[],
): GitFailure {
  if (result.code === 'timed-out') {
    return failure('timed-out', `${where} did not answer within ${result.timeoutMs / 1_000} s`)
  }
  if (result.code === 'too-much-output') {
    return failure('git-failed', `${where} sent more than ${result.maxOutputBytes} bytes`)
  }
  const own = ownWords(result.stderr)
  // A host may say anything; it counts where git itself says nothing that is known, and never as what is set here.
  const meaning =
    MEANINGS.find(({ said }) => said.test(own)) ??
    MEANINGS.find(({ said, code }) => code !== 'url-not-allowed' && said.test(result.stderr))
  if (meaning !== undefined) return failure(meaning.code, `${where}: ${meaning.sentence}`)
  const words = wordsOf(result.stderr, secrets)
  return failure('git-failed', `${where}: git failed (${result.exitCode}): ${words}`)
}

export function failure(code: GitFailureCode, message: string): GitFailure {
  return { code, message, retryable: RETRYABLE[code] }
}

/** What git says by itself, without the lines that a host sent. Over ssh a host's lines carry no mark, and are taken for git's. */
export function ownWords(stderr: string): string {
  const isOwn = (line: string) => !/^(remote: |fatal: remote error: )/.test(line)
  return stderr.split('\n').filter(isOwn).join('\n')
}

/** What the host itself said: git puts `remote: ` before its lines. Empty when it said nothing. */
export function hostWords(stderr: string, secrets: readonly string[]): string {
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trim())
  return clean(lines.filter((line) => line !== '').join(' '), secrets)
}

function wordsOf(stderr: string, secrets: readonly string[]): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  return clean(lines.filter((line) => line !== '').join(' '), secrets) || 'it said nothing'
}

function clean(text: string, secrets: readonly string[]): string {
  let masked = text
  for (const secret of secrets) masked = masked.replaceAll(secret, '***')
  const printable = masked
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return printable.length > MAX_WORDS_CHARACTERS
    ? `${printable.slice(0, MAX_WORDS_CHARACTERS)}…`
    : printable
}
