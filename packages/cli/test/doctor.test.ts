import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkNode } from '../src/doctor/machine.ts'
import { PROJECT } from './fake-project.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const INFO = {
  name: 'tiphys',
  version: '0.1.0',
  keptnVersion: '1.4.5',
  token: { name: 'ci', scopes: ['trigger', 'read'], projects: ['shop'] },
}
const HEALTHY = {
  'GET /healthz': {},
  'GET /readyz': {},
  'GET /api/tiphys/v1/info': { body: INFO },
  'GET /api/tiphys/v1/argocd/instances': { body: { instances: [] } },
  'GET /api/controlPlane/v1/project': { body: pageOf([]) },
}

function pageOf(projects: readonly object[]) {
  return { projects, nextPageKey: '0', pageSize: 0, totalCount: projects.length }
}

test('upstreams are looked at: where they are, what was pinned, since when one fails', async (t) => {
  const upstream = {
    remoteURL: 'ssh://git@git.example.com/shop',
    layout: 'branch-per-stage',
    mainBranch: 'master',
    reachable: true,
    message: '',
    hostKeys: [{ host: 'git.example.com', type: 'ssh-ed25519', fingerprint: 'SHA256:abc' }],
  }
  const gitCredentials = { remoteURL: upstream.remoteURL }
  const named = (projectName: string) => ({ ...PROJECT, projectName, gitCredentials })
  const server = await startFakeServer(t, {
    ...HEALTHY,
    'GET /api/controlPlane/v1/project': { body: pageOf([named('a'), named('b'), PROJECT]) },
    'GET /api/tiphys/v1/projects/a/upstream': { body: upstream },
    'GET /api/tiphys/v1/projects/b/upstream': {
      body: {
        ...upstream,
        reachable: false,
        message: 'it cannot be reached',
        failingSince: '2026-01-02T03:04:05Z',
        hostKeys: [],
      },
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run(['doctor'])
  assert.equal(code, 1)
  assert.match(
    stdout,
    /^✔ upstream of a: ssh:\/\/git@git\.example\.com\/shop \(a branch per stage\), pinned git\.example\.com ssh-ed25519 SHA256:abc$/m,
  )
  assert.match(stdout, /^✖ upstream of b: it cannot be reached \(since 2026-01-02T03:04:05Z\)$/m)
  assert.equal(stdout.match(/upstream of/g)?.length, 2)
})

test('a healthy machine and server', async (t) => {
  const server = await startFakeServer(t, HEALTHY)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run(['doctor'])
  assert.equal(code, 0)
  assert.match(stdout, /^✔ node: \d+/m)
  assert.match(stdout, /^✔ git: \d+/m)
  assert.match(stdout, /^· data: .*\.tiphys is not there yet; the first start makes it$/m)
  assert.match(stdout, /^✔ server: http:\S+ \(from TIPHYS_ENDPOINT\) is ready$/m)
  assert.match(stdout, /^✔ token: ci: trigger, read for shop \(server 0\.1\.0\)$/m)
  assert.match(
    stdout,
    /^· argocd: none is connected; name one under argocd\.instances in tiphys\.yaml$/m,
  )
})

test('whether tests may run programs, and how to allow it', async (t) => {
  for (const [commands, expected] of [
    [
      { enabled: false },
      /^· commands: tests may run no programs; tiphys\.yaml can allow them with commands: \{ enabled: true, allow: \[k6\] \} /m,
    ],
    [{ enabled: true, allow: ['k6', 'npx'] }, /^✔ commands: tests may run k6, npx$/m],
  ] as const) {
    const info = { ...INFO, commands }
    const server = await startFakeServer(t, {
      ...HEALTHY,
      'GET /api/tiphys/v1/info': { body: info },
    })
    const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
    const { code, stdout } = await cli.run(['doctor'])
    assert.equal(code, 0)
    assert.match(stdout, expected)
  }
})

test('what is wrong is said with what to do, and is exit code 1', async (t) => {
  const server = await startFakeServer(t, {
    ...HEALTHY,
    'GET /api/tiphys/v1/argocd/instances': {
      body: {
        instances: [
          { name: 'main', url: 'https://argocd', reachable: true, version: 'v3.1.0' },
          { name: 'edge', url: 'https://edge', reachable: false, message: 'connection refused' },
        ],
      },
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  writeFileSync(join(cli.home, 'file'), '')
  const { code, stdout } = await cli.run(['doctor', '--data-dir=file'])
  assert.equal(code, 1)
  assert.match(stdout, /^✖ data: .*file is no folder; choose another with --data-dir$/m)
  assert.match(stdout, /^✔ argocd main: https:\/\/argocd, v3\.1\.0$/m)
  assert.match(stdout, /^✖ argocd edge: https:\/\/edge, connection refused$/m)
})

test('a server that is not ready, and a token it does not know', async (t) => {
  const server = await startFakeServer(t, {
    ...HEALTHY,
    'GET /api/tiphys/v1/info': { status: 401, body: { code: 401, message: 'unauthenticated' } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url })
  mkdirSync(join(cli.home, '.tiphys'))
  const { stdout } = await cli.run(['doctor', '-o', 'json'])
  const states = Object.fromEntries(
    JSON.parse(stdout).findings.map((one: { name: string; state: string }) => [
      one.name,
      one.state,
    ]),
  )
  assert.deepEqual(states, {
    node: 'good',
    git: 'good',
    data: 'good',
    server: 'good',
    token: 'wrong',
  })
})

test('an old Node is wrong', () => {
  assert.deepEqual(checkNode('22.1.0'), {
    name: 'node',
    state: 'wrong',
    message: '22.1.0 is too old; 24 or newer is needed',
  })
})
