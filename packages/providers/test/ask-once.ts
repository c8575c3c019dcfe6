import type { SliValue } from '@tiphys/core/evaluation/sli-value.ts'
import { createGuardedHttp } from '../src/http/guarded-http.ts'
import type { ProviderPower } from '../src/sli/http-sli.ts'
import type { SliProvider, SliRequest } from '../src/sli/sli-provider.ts'
import { startServer } from './answering-server.ts'
import { type Answer, REQUEST, type Seen } from './provider-contract.ts'

/** Asks a provider one question of a server that gives the same answer to all, and says what came in. */
export async function askOnce(
  create: (url: string, power: ProviderPower) => SliProvider,
  answer: Answer,
  more: Partial<SliRequest>,
): Promise<{ readonly value: SliValue; readonly seen: readonly Seen[] }> {
  await using server = await startServer(() => answer)
  const retry = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 }
  const provider = create(server.url, { http: createGuardedHttp(), retry })
  const value = await provider.fetchValue({ ...REQUEST, ...more })
  return { value, seen: server.seen }
}
