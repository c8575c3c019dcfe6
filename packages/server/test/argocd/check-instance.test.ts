import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createArgoCdClient } from '../../src/adapters/argocd/client.ts'
import { checkInstance } from '../../src/argocd/check-instance.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'
import { LABELS } from './argocd-world.ts'
import { startStub } from './stub-server.ts'

const AUTHORIZED = { 'tiphys.dev/authorized': 'shop:dev' }

function item(name: string, labels: Record<string, string>, annotations: Record<string, string>) {
  return { metadata: { name, namespace: 'argocd', labels, annotations }, spec: { project: 'shop' } }
}

async function check(answers: { loggedIn?: boolean; items?: unknown[]; can?: string }) {
  await using stub = await startStub(({ path }) => {
    if (path.endsWith('/userinfo')) return { status: 200, body: { loggedIn: answers.loggedIn } }
    if (path === '/api/version') return { status: 200, body: { Version: 'v3.5.1' } }
    if (path.includes('/can-i/')) {
      return answers.can === undefined
        ? { status: 404, body: 'Not Found' }
        : { status: 200, body: { value: answers.can } }
    }
    return { status: 200, body: { items: answers.items ?? [] } }
  })
  const connection = { name: 'default', url: stub.url, token: 't' }
  return await checkInstance(createArgoCdClient({ connection, clock: virtualClock(0) }))
}

test('a token that Argo CD does not take is told apart from an Argo CD that is away', async () => {
  const refused = await check({ loggedIn: false })
  assert.equal(refused.reachable, false)
  assert.match(refused.message ?? '', /answers, but does not take the token/)
  const connection = { name: 'default', url: 'http://127.0.0.1:1', token: 't' }
  const away = await checkInstance(createArgoCdClient({ connection, clock: virtualClock(0) }))
  assert.match(away.message ?? '', /ECONNREFUSED/)
})

test('permissions and labels are looked at for each application that concerns us', async () => {
  const items = [
    item('carts', LABELS, AUTHORIZED),
    item('half', { 'tiphys.dev/project': 'shop' }, {}),
    item('other', {}, {}),
  ]
  assert.deepEqual(await check({ loggedIn: true, items, can: 'no' }), {
    reachable: true,
    version: 'v3.5.1',
    message:
      'without all three of the labels project, service and stage: argocd/half; the token may not sync: argocd/carts',
  })
  assert.deepEqual(await check({ loggedIn: true, items: items.slice(0, 1), can: 'yes' }), {
    reachable: true,
    version: 'v3.5.1',
  })
  // An Argo CD that cannot be asked for permissions is not accused of refusing them.
  assert.equal((await check({ loggedIn: true, items: items.slice(0, 1) })).message, undefined)
})
