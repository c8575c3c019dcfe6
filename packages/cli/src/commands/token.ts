import { TokenScope } from '@tiphys/contract/http/native-token.ts'
import { confirmDeletion } from '../ask.ts'
import { mintToken } from '../client/server.ts'
import { listTokens, revokeToken } from '../client/tokens.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { table } from '../output/table.ts'

type TokenOptions = GlobalOptions & {
  readonly scope: readonly string[]
  readonly project: readonly string[]
  readonly output?: DataFormat
}

/** The text of the token is the output, once; everything else is said beside it. */
export async function createToken(
  options: TokenOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const scopes = options.scope.flatMap((text) => text.split(',')).map(scopeOf)
  if (scopes.length === 0) {
    throw new CommandFailure(`a token needs at least one --scope: ${TokenScope.options.join(', ')}`)
  }
  const projects = options.project.length === 0 ? ['*'] : [...options.project]
  const token = await mintToken(openClient(options), { name, scopes, projects })
  printNote(`Token ${name} may ${scopes.join(', ')} in ${whereOf(projects)}. Shown this once:`)
  printData({ name, token, scopes, projects }, options.output, () => token)
  return undefined
}

export async function deleteToken(
  options: GlobalOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await confirmDeletion(`token ${name}`, options)
  await revokeToken(openClient(options), name)
  printNote(`Token ${name} revoked: it is refused from now on.`)
  return undefined
}

export async function getTokens(
  options: GlobalOptions & { readonly output?: DataFormat },
): Promise<ExitCode | undefined> {
  const tokens = await listTokens(openClient(options))
  printData({ tokens }, options.output, () =>
    table(
      ['NAME', 'SCOPES', 'PROJECTS', 'CREATED'],
      tokens.map((one) => [one.name, one.scopes.join(', '), whereOf(one.projects), one.createdAt]),
    ),
  )
  return undefined
}

function scopeOf(text: string): TokenScope {
  const scope = TokenScope.safeParse(text.trim())
  if (scope.success) return scope.data
  throw new CommandFailure(`${text} is no scope: ${TokenScope.options.join(', ')}`)
}

function whereOf(projects: readonly string[]): string {
  return projects.includes('*') ? 'every project' : projects.join(', ')
}
