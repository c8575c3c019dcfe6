import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Cli, createCli, type RunningCli } from './run-cli.ts'

const TOKEN = 'a-token-for-tests-0123456789abcdef'
const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
        - name: verify
          tasks: [{name: test}]
        - name: remote
          tasks: [{name: scan}]
`
const LIMIT_MS = 60_000

type Running = { readonly cli: Cli; readonly url: string; readonly server: RunningCli }

/** `tiphys serve` with a project; what more it is started with. */
async function serve(t: TestContext, flags: readonly string[] = []): Promise<Running> {
  const env: Record<string, string> = { TIPHYS_API_TOKEN: TOKEN }
  const cli = createCli(t, env)
  const running = await start(t, cli, flags)
  env['TIPHYS_ENDPOINT'] = running.url
  writeFileSync(join(cli.home, 'shipyard.yaml'), SHIPYARD)
  const made = await cli.run(['create', 'project', 'shop', '--shipyard=shipyard.yaml'])
  assert.equal(made.code, 0, made.stderr)
  await cli.run(['create', 'service', 'carts', '--project=shop'])
  return running
}

async function start(t: TestContext, cli: Cli, flags: readonly string[] = []): Promise<Running> {
  const args = ['serve', '--data-dir=data', '--port=0', '--allow-loopback-targets']
  const server = cli.start([...args, '--log-level=warn', ...flags], { limitMs: LIMIT_MS })
  t.after(() => server.process.kill('SIGKILL'))
  const url = /is ready at (\S+)/.exec(await server.printed('is ready at '))?.[1] ?? ''
  return { cli, url, server }
}

async function readiness(url: string): Promise<string> {
  const answer = await fetch(`${url}/readyz`)
  return `${answer.status} ${(await answer.text()).trim()}`
}

async function until(look: () => Promise<boolean>): Promise<void> {
  for (const untilMs = Date.now() + 30_000; !(await look()); ) {
    assert.ok(Date.now() < untilMs, 'it does not come')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

test('SIGTERM: it says so, goes on for the grace, and leaves with what is open', async (t) => {
  // A peer that takes every request and answers none.
  let asked = 0
  const peer = createServer(() => {
    asked++
  })
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    peer.closeAllConnections()
    peer.close()
  })
  const peerUrl = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`
  const { cli, url, server } = await serve(t, ['--shutdown-grace=1s'])
  const tests = `apiVersion: tiphys.dev/v1
target: ${peerUrl}
tests: [{name: hangs, checks: [{request: GET /}]}]
`
  writeFileSync(join(cli.home, 'project.yaml'), 'targets: ["127.0.0.1:*"]\n')
  writeFileSync(join(cli.home, 'tests.yaml'), tests)
  for (const name of ['project', 'tests']) {
    const to = `--resourceUri=tiphys/${name}.yaml`
    const added = await cli.run(['add-resource', '-p', 'shop', `--resource=${name}.yaml`, to])
    assert.equal(added.code, 0, added.stderr)
  }
  const flags = ['--project=shop', '--service=carts', '--stage=dev']
  const { stdout } = await cli.run(['trigger', 'sequence', 'verify', ...flags])
  await until(() => Promise.resolve(asked > 0))

  assert.equal(await readiness(url), '200 ready')
  const signalledMs = Date.now()
  server.process.kill('SIGTERM')
  await until(async () => (await readiness(url)) === '503 not ready: the server is stopping')
  assert.equal((await fetch(`${url}/healthz`)).status, 200, 'it still serves')
  const { code, stderr } = await server.ended
  const tookMs = Date.now() - signalledMs
  assert.equal(code, 0, stderr)
  assert.ok(tookMs >= 1_000 && tookMs < 12_000, `it took ${tookMs} ms`)

  const before = asked
  const again = await start(t, cli)
  await until(() => Promise.resolve(asked > before))
  const list = ['get', 'sequences', '--project=shop', '-o', 'json', '--endpoint', again.url]
  const [state] = JSON.parse((await cli.run(list)).stdout).states
  assert.deepEqual([state.state, state.shkeptncontext], ['started', stdout.trim()])
  again.server.process.kill('SIGTERM')
  assert.equal((await again.server.ended).code, 0)
})

test('a second signal does not wait', async (t) => {
  const { server, url } = await serve(t, ['--shutdown-grace=5m'])
  server.process.kill('SIGTERM')
  await until(async () => (await readiness(url)).startsWith('503'))
  server.process.kill('SIGTERM')
  assert.equal((await server.ended).code, 143)
})

test('a disk that is full: nothing is accepted, nothing is lost, and it goes on when there is space', async (t) => {
  if (spawnSync('prlimit', ['--version']).error !== undefined) {
    t.skip('not run here: prlimit, which makes the disk full')
    return
  }
  const { cli, server, url } = await serve(t)
  const limit = (bytes: number | 'unlimited') => {
    const flags = ['--pid', String(server.process.pid), `--fsize=${bytes}:unlimited`]
    const { status, stderr } = spawnSync('prlimit', flags, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }
  const accepted: string[] = []
  let refused = ''
  const trigger = async (): Promise<number> => {
    const body = {
      type: 'sh.keptn.event.dev.remote.triggered',
      source: 'test',
      data: { project: 'shop', stage: 'dev', service: 'carts', filler: 'x'.repeat(20_000) },
    }
    const answer = await fetch(`${url}/api/v1/event`, {
      method: 'POST',
      headers: { 'x-token': TOKEN, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const json = (await answer.json()) as { keptnContext?: string; message?: string }
    if (answer.status === 200) accepted.push(json.keptnContext ?? '')
    else refused = json.message ?? ''
    return answer.status
  }
  const sizeOf = (file: string) => statSync(join(cli.home, 'data', file)).size
  assert.equal(await trigger(), 200)
  limit(Math.max(sizeOf('tiphys.db'), sizeOf('tiphys.db-wal')) + 100_000)
  const statuses = new Set<number>()
  await until(async () => {
    statuses.add(await trigger())
    return statuses.has(503)
  })
  assert.deepEqual([...statuses].sort(), [200, 503])
  assert.match(refused, /^nothing was accepted: the log could not be written: /)
  await until(async () => /^503 not ready: the log could not/.test(await readiness(url)))
  assert.equal(await trigger(), 503)
  const count = accepted.length

  limit('unlimited')
  await until(async () => (await readiness(url)) === '200 ready')
  assert.equal(await trigger(), 200)
  const contexts = async (endpoint: string): Promise<string[]> => {
    const list = ['get', 'sequences', '--project=shop', '-o', 'json', '--endpoint', endpoint]
    const { states } = JSON.parse((await cli.run(list)).stdout)
    return states.map((state: { shkeptncontext: string }) => state.shkeptncontext).sort()
  }
  assert.equal(accepted.length, count + 1)
  assert.deepEqual(await contexts(url), accepted.toSorted())
  server.process.kill('SIGKILL')
  await server.ended
  const again = await start(t, cli)
  assert.deepEqual(await contexts(again.url), accepted.toSorted(), 'after a crash too')
})
