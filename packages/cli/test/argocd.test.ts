import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const EXAMPLE = new URL('../../../examples/argocd-notifications-cm.yaml', import.meta.url)

test('the example is what the command prints', async (t) => {
  const cli = createCli(t)
  const { code, stdout } = await cli.run([
    ...['argocd', 'notifications-config', '--url=https://tiphys.example.com'],
    '--argocd-url=https://argocd.example.com/',
  ])
  assert.equal(code, 0)
  assert.equal(stdout, readFileSync(EXAMPLE, 'utf8'))
})

test('the configuration is YAML in YAML that Argo CD can read', async (t) => {
  const cli = createCli(t)
  const { stdout } = await cli.run([
    ...['argocd', 'notifications-config', '--url=https://t.example.com/base/'],
    ...['--argocd-url=https://a.example.com', '--namespace=gitops', '--sequence=judge'],
  ])
  const { metadata, data } = parse(stdout)
  assert.deepEqual(metadata, { name: 'argocd-notifications-cm', namespace: 'gitops' })
  assert.deepEqual(parse(data['service.webhook.tiphys']), {
    url: 'https://t.example.com/base/api/v1/event',
    headers: [
      { name: 'Content-Type', value: 'application/json' },
      { name: 'x-token', value: '$tiphys-token' },
    ],
  })
  const { method, body } = parse(data['template.tiphys-event']).webhook.tiphys
  assert.equal(method, 'POST')
  assert.match(body, /\$sequence := default "judge"/)
  assert.match(body, /printf "https:\/\/a\.example\.com\/applications\/%s\/%s"/)
  const triggers = Object.keys(data).filter((key) => key.startsWith('trigger.'))
  assert.deepEqual(triggers, [
    'trigger.on-tiphys-deployed',
    'trigger.on-tiphys-sync-failed',
    'trigger.on-tiphys-degraded',
  ])
  for (const name of triggers) {
    const [trigger] = parse(data[name])
    assert.equal(trigger.oncePer, 'app.status.operationState.startedAt')
    assert.match(trigger.when, /tiphys\.dev\/run/)
  }
  assert.deepEqual(
    parse(data.subscriptions).map((one: { selector: string }) => one.selector),
    ['tiphys.dev/project', 'keptnProject,!tiphys.dev/project'],
  )
})

test('--mint-token makes a token that may only trigger, and prints its Secret', async (t) => {
  const server = await startFakeServer(t, {
    'POST /api/tiphys/v1/tokens': { status: 201, body: { name: 'argocd', token: 'minted' } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'admin' })
  const { stdout } = await cli.run([
    'argocd',
    'notifications-config',
    '--mint-token=argocd',
    '--project',
    'shop',
    'blog',
  ])
  assert.deepEqual(server.seen[0]?.body, {
    name: 'argocd',
    scopes: ['trigger'],
    projects: ['shop', 'blog'],
  })
  const [configMap, secret] = parseAllDocuments(stdout).map((document) => document.toJS())
  assert.equal(
    configMap.data['service.webhook.tiphys'].includes(`${server.url}/api/v1/event`),
    true,
  )
  assert.deepEqual(secret.stringData, { 'tiphys-token': 'minted' })
})

test('words that could leave their place in the template are refused, and no token is made', async (t) => {
  const server = await startFakeServer(t, {})
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'admin' })
  for (const flag of [
    '--sequence=a"}}',
    '--argocd-url=https://a/%s',
    '--namespace=A_B',
    '--url=javascript:x',
  ]) {
    const { code, stdout } = await cli.run([
      'argocd',
      'notifications-config',
      '--mint-token=x',
      flag,
    ])
    assert.deepEqual([code, stdout], [2, ''], flag)
  }
  assert.deepEqual(server.seen, [])
})
