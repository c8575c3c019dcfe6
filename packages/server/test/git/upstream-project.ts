import { strict as assert } from 'node:assert'
import type { GitConfiguration } from '../../src/adapters/git/git-configuration.ts'
import type { Place, WriteResult } from '../../src/ports/configuration.ts'
import { emptyRepository, NOW_MS, SHIPYARD, TOKEN, type UpstreamWorld } from './upstream-world.ts'

export const CARTS = { level: 'service', stage: 'dev', service: 'carts' } as const satisfies Place
export const PROJECT = { level: 'project' } as const satisfies Place

export function begin(world: UpstreamWorld, name: string, configuration = world.configuration) {
  return configuration.upstreams.create({
    projectId: 'p1',
    name: 'shop',
    createdMs: NOW_MS,
    shipyard: SHIPYARD,
    connection: world.connection(name),
  })
}

export async function begun(world: UpstreamWorld) {
  world.host.requirePassword('tiphys', TOKEN)
  const repository = await emptyRepository(world, 'shop')
  assert.deepEqual(await begin(world, 'shop'), { code: 'begun', services: [] })
  return repository
}

export function write(
  configuration: GitConfiguration,
  content: string,
  uri = 'slo.yaml',
  place: Place = CARTS,
): Promise<WriteResult> {
  const files = { [uri]: new TextEncoder().encode(content) }
  return configuration.write('p1', { place, files, message: 'Updated resource', author: 'ci' })
}

export async function read(configuration: GitConfiguration, place: Place, uri: string) {
  const content = await configuration.read('p1', place, uri, await configuration.head('p1'))
  return content === undefined ? undefined : new TextDecoder().decode(content)
}

export function refusalOf(answer: {
  readonly code: string
  readonly failure?: { message: string }
}) {
  return answer.failure?.message.replaceAll(/127\.0\.0\.1:\d+/g, 'host')
}
