import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PROJECT, SHIPYARD } from './fake-project.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const PROJECTS = '/api/controlPlane/v1/project'
const SECRETS = '/api/secrets/v1/secret'
const WRITTEN = {
  body: { commitID: '0123456789abcdef', metadata: { upstreamURL: '', version: '0123' } },
}

const ROUTES = {
  [`POST ${PROJECTS}`]: { status: 201 },
  [`PUT ${PROJECTS}`]: { status: 201 },
  [`GET ${PROJECTS}/shop`]: { body: PROJECT },
  [`DELETE ${PROJECTS}/shop`]: { body: { message: 'Project shop deleted' } },
  [`POST ${PROJECTS}/shop/service`]: {},
  [`DELETE ${PROJECTS}/shop/service/carts`]: {},
  [`POST ${SECRETS}`]: { status: 201 },
  [`PUT ${SECRETS}`]: {},
  [`DELETE ${SECRETS}`]: {},
  [`GET ${SECRETS}`]: {
    body: { Secrets: [{ name: 'slack', scope: 'keptn-default', keys: ['url', 'user'] }] },
  },
  'POST /api/resource-service/v1/project/shop/resource': WRITTEN,
  'POST /api/resource-service/v1/project/shop/stage/staging/service/carts/resource': WRITTEN,
  'POST /api/resource-service/v1/project/shop/stage/production/service/carts/resource': WRITTEN,
}

test('projects: created, updated and deleted with the shipyard in base64', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  writeFileSync(join(cli.home, 'shipyard.yaml'), SHIPYARD)
  const created = await cli.run(['create', 'project', 'shop', '--shipyard=shipyard.yaml'])
  assert.deepEqual([created.code, created.stderr], [0, 'Project shop created.\n'])
  const updated = await cli.run(['update', 'project', 'shop', '-s', '-'], { stdin: SHIPYARD })
  assert.equal(updated.code, 0)
  const sent = { name: 'shop', shipyard: Buffer.from(SHIPYARD).toString('base64') }
  assert.deepEqual(server.of('POST', PROJECTS)[0]?.body, sent)
  assert.deepEqual(server.of('PUT', PROJECTS)[0]?.body, sent)
  // Nobody sits at a terminal here, so nobody is asked: scripts of Keptn users do not hang.
  const deleted = await cli.run(['delete', 'project', 'shop'])
  assert.deepEqual([deleted.code, deleted.stderr], [0, 'Project shop deleted.\n'])
})

test('a shipyard that would be refused is refused here, at file, line and column, and nothing is sent', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  writeFileSync(join(cli.home, 'bad.yaml'), SHIPYARD.replace('name: production', 'name: staging'))
  const { code, stderr } = await cli.run(['create', 'project', 'shop', '--shipyard=bad.yaml'])
  assert.equal(code, 2)
  assert.match(
    stderr,
    /^bad\.yaml:11:7: stage staging is there twice; every stage needs a name of its own$/m,
  )
  assert.match(stderr, /^tiphys: bad\.yaml is not a valid shipyard; nothing was changed$/m)
  const missing = await cli.run(['create', 'project', 'shop', '-s', 'none.yaml'])
  assert.deepEqual(
    [missing.code, missing.stderr],
    [2, 'tiphys: cannot read none.yaml: there is no such file\n'],
  )
  assert.deepEqual(server.seen, [])
})

test('projects: Keptn’s flags of an upstream, with files read here', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  writeFileSync(join(cli.home, 'shipyard.yaml'), SHIPYARD)
  writeFileSync(join(cli.home, 'key'), 'KEY\n')
  writeFileSync(join(cli.home, 'ca.pem'), 'PEM\n')
  const https = '-r https://git/x.git -u me -t tok -p proxy:3128 -j https -w you -e pw -x -g ca.pem'
  const ssh = '--git-remote-url git@git:x.git --git-private-key key --git-private-key-pass word'
  for (const args of [
    `create project shop -s shipyard.yaml ${https}`,
    `update project shop ${ssh}`,
  ]) {
    const { code, stderr } = await cli.run(args.split(' '))
    assert.equal(code, 0, stderr)
  }
  const file = await cli.run(
    'create project shop -r https://git/x.git --git-token-file -'.split(' '),
    { stdin: 'from a pipe\n' },
  )
  assert.equal(file.code, 0, file.stderr)
  const [created, adopted] = server.of('POST', PROJECTS).map((request) => request.body)
  assert.deepEqual(created, {
    name: 'shop',
    shipyard: Buffer.from(SHIPYARD).toString('base64'),
    gitCredentials: {
      remoteURL: 'https://git/x.git',
      user: 'me',
      https: {
        token: 'tok',
        certificate: Buffer.from('PEM\n').toString('base64'),
        insecureSkipTLS: true,
        proxy: { url: 'proxy:3128', scheme: 'https', user: 'you', password: 'pw' },
      },
    },
  })
  assert.deepEqual(adopted, {
    name: 'shop',
    gitCredentials: { remoteURL: 'https://git/x.git', https: { token: 'from a pipe' } },
  })
  const privateKey = Buffer.from('KEY\n').toString('base64')
  assert.deepEqual(server.of('PUT', PROJECTS)[0]?.body, {
    name: 'shop',
    gitCredentials: { remoteURL: 'git@git:x.git', ssh: { privateKey, privateKeyPass: 'word' } },
  })
})

test('projects: an upstream that cannot be used is exit code 3, in the words of the server', async (t) => {
  const message = 'no upstream: git/x: it cannot be reached'
  const refused = { status: 424, body: { code: 424, message } }
  const server = await startFakeServer(t, { [`POST ${PROJECTS}`]: refused })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stderr } = await cli.run('create project shop -r https://git/x -t tok'.split(' '))
  assert.deepEqual([code, stderr], [3, `tiphys: ${message}\n`])
})

test('projects: flags of an upstream that do not go together send nothing', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const cases: [string, RegExp][] = [
    ['create project shop', /name its --shipyard, or a --git-remote-url that holds a project/],
    ['update project shop', /name a --shipyard, a --git-remote-url, or both/],
    ['update project shop -t tok', /--git-token goes with --git-remote-url/],
    ['create project shop -r git@h:x', /an ssh URL needs --git-private-key <file>/],
    ['create project shop -r git@h:x -k none', /cannot read none: there is no such file/],
    ['create project shop -r https://h/x -k key', /--git-private-key goes with an ssh URL/],
    ['create project shop -r https://h/x -j ftp', /--git-proxy-scheme.*choices/i],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await cli.run(args.split(' '))
    assert.equal(code, 2, args)
    assert.match(stderr, message)
  }
  assert.deepEqual(server.seen, [])
})

test('services', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  assert.equal((await cli.run(['create', 'service', 'carts', '--project=shop'])).code, 0)
  assert.deepEqual(server.of('POST', `${PROJECTS}/shop/service`)[0]?.body, { serviceName: 'carts' })
  assert.equal((await cli.run(['delete', 'service', 'carts', '-p', 'shop'])).code, 0)
  const without = await cli.run(['create', 'service', 'carts'])
  assert.equal(without.code, 2)
  assert.match(without.stderr, /required option '-p, --project <name>' not specified/)
})

test('secrets go in by value or file and never come out', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  writeFileSync(join(cli.home, 'key'), 'line 1\nline 2\n')
  const args = [
    '--from-literal=url=https://a/?b=c,d',
    '--from-literal=user=x',
    '--from-file=key=key',
  ]
  const created = await cli.run(['create', 'secret', 'slack', ...args])
  assert.deepEqual([created.code, created.stdout], [0, ''])
  assert.deepEqual(server.of('POST', SECRETS)[0]?.body, {
    name: 'slack',
    scope: 'keptn-default',
    data: { url: 'https://a/?b=c,d', user: 'x', key: 'line 1\nline 2\n' },
  })
  const listed = await cli.run(['get', 'secrets'])
  assert.equal(listed.stdout, 'NAME   SCOPE          KEYS\nslack  keptn-default  url, user\n')
  assert.equal((await cli.run(['delete', 'secret', 'slack', '--scope=mine'])).code, 0)
  assert.equal(server.of('DELETE', SECRETS)[0]?.path, `${SECRETS}?name=slack&scope=mine`)
  assert.equal((await cli.run(['create', 'secret', 'slack'])).code, 2)
})

test('add-resource writes a file to a project, or to a service in every stage', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  mkdirSync(join(cli.home, 'files'))
  writeFileSync(join(cli.home, 'files', 'load.jmx'), Buffer.from([0xff, 0x00, 0x41]))
  const one = await cli.run(['add-resource', '--project=shop', '--resource=files/load.jmx'])
  assert.equal(one.stderr, 'files/load.jmx added to project shop (commit 01234567).\n')
  const all = await cli.run([
    ...['add-resource', '--project=shop', '--all-stages', '--service=carts'],
    ...['--resource=files/load.jmx', '--resourceUri=load.jmx'],
  ])
  assert.equal(
    all.stderr,
    'load.jmx added to service carts in stage staging of project shop (commit 01234567).\nload.jmx added to service carts in stage production of project shop (commit 01234567).\n',
  )
  const bodies = server.seen
    .filter((request) => request.method === 'POST')
    .map((request) => request.body)
  const content = '/wBB'
  assert.deepEqual(bodies[0], {
    resources: [{ resourceURI: 'files/load.jmx', resourceContent: content }],
  })
  assert.deepEqual(bodies[1], {
    resources: [{ resourceURI: 'load.jmx', resourceContent: content }],
  })
})

test('add-resource says what is missing or contradicts itself, and sends nothing', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  writeFileSync(join(cli.home, 'slo.yaml'), '')
  const base = ['add-resource', '--project=shop', '--resource=slo.yaml']
  const noStage = await cli.run([...base, '--service=carts'])
  assert.match(noStage.stderr, /a service lives in stages: add --stage <name> or --all-stages/)
  const both = await cli.run([...base, '--stage=staging', '--all-stages'])
  assert.match(both.stderr, /cannot be used with option '--all-stages'/)
  const outside = await cli.run([
    'add-resource',
    '--project=shop',
    `--resource=${cli.home}/slo.yaml`,
  ])
  assert.match(outside.stderr, /lies outside this folder: .* like --resourceUri slo\.yaml/)
  assert.deepEqual([noStage.code, both.code, outside.code], [2, 2, 2])
  assert.deepEqual(server.seen, [])
})
