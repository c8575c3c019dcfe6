import { notificationsConfig as configText } from '../argocd/notifications-config.ts'
import { mintToken } from '../client/server.ts'
import { connectionOf, normaliseEndpoint } from '../connection/connection.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'

type Options = GlobalOptions & {
  readonly url?: string
  readonly argocdUrl: string
  readonly namespace: string
  readonly sequence: string
  readonly mintToken?: string
  readonly project?: readonly string[]
}

const KUBERNETES_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const SEQUENCE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,61}$/
const WEB_ADDRESS = /^https?:\/\/[^\s"'`{}%\\]+$/

/** Prints YAML; talks to the server only to make a token. */
export async function notificationsConfig(options: Options): Promise<ExitCode | undefined> {
  check(
    '--argocd-url',
    options.argocdUrl,
    WEB_ADDRESS,
    'an address like https://argocd.example.com',
  )
  check('--namespace', options.namespace, KUBERNETES_NAME, 'the name of a namespace')
  check('--sequence', options.sequence, SEQUENCE_NAME, 'the name of a sequence, without dots')
  const url = normaliseEndpoint(options.url ?? connectionOf(options).endpoint)
  const token = options.mintToken === undefined ? undefined : await triggerToken(options)
  const text = configText({
    url,
    argocdUrl: options.argocdUrl.replace(/\/+$/, ''),
    namespace: options.namespace,
    sequence: options.sequence,
    ...(token === undefined ? {} : { token }),
  })
  process.stdout.write(text)
  return undefined
}

/** A token that may trigger and nothing else, so that whoever reads the Secret cannot do more. */
function triggerToken(options: Options): Promise<string> {
  const projects = options.project === undefined ? ['*'] : [...options.project]
  const name = options.mintToken ?? ''
  return mintToken(openClient(options), { name, scopes: ['trigger'], projects })
}

/** These words become part of YAML and of a template: whatever could leave its place is refused. */
function check(flag: string, value: string, allowed: RegExp, expected: string): void {
  if (allowed.test(value)) return
  throw new CommandFailure(`${flag} ${JSON.stringify(value)} is not ${expected}`)
}
