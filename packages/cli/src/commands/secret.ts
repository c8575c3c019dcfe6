import { confirmDeletion } from '../ask.ts'
import {
  listSecrets,
  deleteSecret as removeSecret,
  updateSecret as replaceSecret,
  type SecretDraft,
  createSecret as sendSecret,
} from '../client/secrets.ts'
import { openClient } from '../connection/open-client.ts'
import { pairOf } from '../declare/flags.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { table } from '../output/table.ts'

type DraftOptions = GlobalOptions & {
  readonly scope: string
  readonly fromLiteral: readonly string[]
  readonly fromFile: readonly string[]
}

export async function createSecret(
  options: DraftOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await sendSecret(openClient(options), await draft(options, name))
  printNote(`Secret ${name} created in scope ${options.scope}.`)
  return undefined
}

export async function updateSecret(
  options: DraftOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await replaceSecret(openClient(options), await draft(options, name))
  printNote(`Secret ${name} updated in scope ${options.scope}.`)
  return undefined
}

export async function deleteSecret(
  options: GlobalOptions & { readonly scope: string },
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await confirmDeletion(`secret ${name} of scope ${options.scope}`, options)
  await removeSecret(openClient(options), name, options.scope)
  printNote(`Secret ${name} deleted from scope ${options.scope}.`)
  return undefined
}

/** Names and keys; nothing ever gives a value back. */
export async function getSecrets(
  options: GlobalOptions & { readonly output?: DataFormat },
): Promise<ExitCode | undefined> {
  const secrets = await listSecrets(openClient(options))
  printData({ Secrets: secrets }, options.output, () =>
    secrets.length === 0
      ? 'No secrets.'
      : table(
          ['NAME', 'SCOPE', 'KEYS'],
          secrets.map((secret) => [secret.name, secret.scope, secret.keys.join(', ')]),
        ),
  )
  return undefined
}

async function draft(options: DraftOptions, name: string): Promise<SecretDraft> {
  const literals = options.fromLiteral.map(pairOf)
  const files = await Promise.all(
    options.fromFile.map(pairOf).map(async ([key, path]) => [key, await readText(path)] as const),
  )
  const data = Object.fromEntries([...literals, ...files])
  if (Object.keys(data).length === 0) {
    throw new CommandFailure(
      'a secret needs at least one --from-literal key=value or --from-file key=path',
    )
  }
  return { name, scope: options.scope, data }
}
