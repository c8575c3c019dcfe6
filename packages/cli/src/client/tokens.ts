import { type TokenEntry, TokenList } from '@tiphys/contract/http/native-token.ts'
import type { HttpClient } from './http-client.ts'

/** Tokens of the server: who they are and what they may do, never their texts. Minting is in server.ts. */

const TOKENS = '/api/tiphys/v1/tokens'

export async function listTokens(client: HttpClient): Promise<readonly TokenEntry[]> {
  return (await client.request({ method: 'GET', path: TOKENS, schema: TokenList })).tokens
}

export async function revokeToken(client: HttpClient, name: string): Promise<void> {
  await client.request({ method: 'DELETE', path: `${TOKENS}/${encodeURIComponent(name)}` })
}
