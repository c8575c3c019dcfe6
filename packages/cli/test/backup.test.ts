import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { type RealServer, startRealServer } from './real-server.ts'
import type { CliResult } from './run-cli.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
        - name: remote
          tasks: [{name: scan}]
`

async function succeed(result: Promise<CliResult>): Promise<CliResult> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, `${stdout}${stderr}`)
  return { code, stdout, stderr }
}

/** A server with a sequence that waits for an answer, and a secret. */
async function serverAtWork(t: TestContext): Promise<RealServer & { readonly context: string }> {
  const server = await startRealServer(t)
  const { cli } = server
  writeFileSync(join(cli.home, 'shipyard.yaml'), SHIPYARD)
  await succeed(cli.run(['create', 'project', 'shop', '--shipyard=shipyard.yaml']))
  await succeed(cli.run(['create', 'service', 'carts', '--project=shop']))
  await succeed(
    cli.run(['create', 'secret', 'webhook', '--scope=keptn-default', '--from-literal=k=hush']),
  )
  const flags = ['--project=shop', '--service=carts', '--stage=dev']
  const { stdout } = await succeed(cli.run(['trigger', 'sequence', 'remote', ...flags]))
  return { ...server, context: stdout.trim() }
}

test('a backup while the server runs, and a restore that goes on', async (t) => {
  const { cli, stop, context } = await serverAtWork(t)
  const made = await succeed(cli.run(['backup', 'all.tar', '-o', 'json']))
  const { manifest, sizeBytes } = JSON.parse(made.stdout)
  assert.equal(manifest.repositories.length, 1)
  assert.ok(sizeBytes > 0)
  assert.match(made.stderr, /1 secret\(s\) can be read only with the file secret\.key/)
  const listed = spawnSync('tar', ['tf', join(cli.home, 'all.tar')], { encoding: 'utf8' })
  assert.match(listed.stdout, /^manifest\.json\nmanifest\.sha256\ntiphys\.db\nconfiguration\//)
  assert.doesNotMatch(listed.stdout, /secret\.key/)

  const inUse = await cli.run(['backup', 'two.tar', '--data-dir=data'])
  assert.deepEqual([inUse.code, existsSync(join(cli.home, 'two.tar'))], [2, false])
  assert.match(inUse.stderr, /^tiphys: a server runs on this data folder: leave --data-dir out/)
  const onServer = await cli.run(['restore', 'all.tar', '--data-dir=data'])
  assert.deepEqual([onServer.code, /using this data folder/.test(onServer.stderr)], [2, true])
  const nowhere = await cli.run(['backup', 'no/folder/all.tar'])
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.stderr, /cannot be written: there is no such folder$/m)

  await stop()
  const refused = await cli.run(['restore', 'all.tar', '--data-dir=data'])
  assert.match(refused.stderr, /data is not empty/)
  const missing = await cli.run(['restore', 'none.tar', '--data-dir=new'])
  assert.deepEqual([missing.code, missing.stderr], [2, 'tiphys: there is no file none.tar\n'])

  const restored = await succeed(cli.run(['restore', 'all.tar', '--data-dir=restored']))
  assert.match(restored.stdout, /1 project\(s\), 1 open sequence\(s\) \(backup of /)
  assert.match(restored.stderr, /^Missing: secret\.key .*webhook \(keptn-default\)/m)
  const port = '--port=0'
  const keyless = await cli.run(['serve', '--data-dir=restored', port])
  assert.deepEqual([keyless.code, /restore the file secret\.key/.test(keyless.stderr)], [2, true])
  spawnSync('cp', ['-p', join(cli.home, 'data/secret.key'), join(cli.home, 'restored/secret.key')])

  const running = cli.start(['serve', '--data-dir=restored', port, '--log-level=warn'])
  t.after(() => running.process.kill('SIGKILL'))
  const url = /ready at (\S+)/.exec(await running.printed('is ready at '))?.[1] ?? ''
  const why = await succeed(cli.run(['why', context, '--endpoint', url]))
  assert.match(why.stdout, /scan/)
  const open = ['get', 'event', 'scan.triggered', '--keptn-context', context, '-o', 'json']
  const { id } = JSON.parse((await succeed(cli.run([...open, '--endpoint', url]))).stdout)
  const answer = {
    type: 'sh.keptn.event.scan.finished',
    source: 'scanner',
    triggeredid: id,
    shkeptncontext: context,
    data: { project: 'shop', stage: 'dev', service: 'carts', status: 'succeeded', result: 'pass' },
  }
  writeFileSync(join(cli.home, 'answer.json'), JSON.stringify(answer))
  await succeed(cli.run(['send', 'event', '--file=answer.json', '--endpoint', url]))
  const list = ['get', 'sequences', '--project=shop', '-o', 'json', '--endpoint', url]
  const { states } = JSON.parse((await succeed(cli.run(list))).stdout)
  assert.equal(states[0].state, 'finished')
  running.process.kill('SIGTERM')
  await running.ended
})

test('a backup of a stopped server; with the key when asked for; what comes through the API may be refused', async (t) => {
  const { cli, stop, url } = await serverAtWork(t)
  const reader = ['create', 'token', 'reader', '--scope=read', '--quiet']
  const token = (await succeed(cli.run(reader))).stdout.trim()
  const forbidden = await cli.run(['backup', 'all.tar', '--api-token', token])
  assert.deepEqual([forbidden.code, existsSync(join(cli.home, 'all.tar'))], [2, false])
  const withKey = await succeed(cli.run(['backup', 'key.tar', '--include-secret-key']))
  assert.match(withKey.stderr, /whoever has the file can read them all/)
  await stop()
  const gone = await cli.run(['backup', 'all.tar'])
  assert.deepEqual([gone.code, gone.stderr.includes(url)], [3, true])
  const offline = ['backup', 'all.tar', '--data-dir=data']
  assert.match(
    (await succeed(cli.run(offline))).stdout,
    /^all\.tar: [\d.]+ KB in .*, 1 project\(s\)$/m,
  )
  const restored = await succeed(cli.run(['restore', 'key.tar', '--data-dir=restored', '--quiet']))
  assert.equal(restored.stderr, '')
  assert.deepEqual(readdirSync(join(cli.home, 'restored')).sort(), [
    'configuration',
    'git-home',
    'secret.key',
    'tiphys.db',
    'tiphys.db.lock',
  ])
})

test('a context that is over is deleted at once, one that is open is not', async (t) => {
  const { cli, context } = await serverAtWork(t)
  const open = await cli.run(['delete', 'context', context])
  assert.equal(open.code, 2)
  assert.match(open.stderr, /is not over: 1 of its runs are open; abort it first/)
  const control = ['--project=shop', '--keptn-context', context]
  await succeed(cli.run(['abort', 'sequence', ...control]))
  const deleted = await succeed(cli.run(['delete', 'context', context, '-o', 'json']))
  const { project, runs, rows } = JSON.parse(deleted.stdout)
  assert.deepEqual([project, runs, rows > 2], ['shop', 1, true])
  const again = await cli.run(['delete', 'context', context])
  assert.deepEqual([again.code, /there is no run with the context/.test(again.stderr)], [2, true])
  const list = await succeed(cli.run(['get', 'sequences', '--project=shop', '-o', 'json']))
  assert.deepEqual(JSON.parse(list.stdout).states, [])
})

test('doctor rebuilds and verifies what nobody uses, and names who does', async (t) => {
  const { cli, stop, url, context } = await serverAtWork(t)
  for (const flag of ['--rebuild', '--verify']) {
    const inUse = await cli.run(['doctor', flag, '--data-dir=data'])
    assert.equal(inUse.code, 2)
    assert.match(inUse.stderr, /^tiphys: another Tiphys process \(process \d+, http:\S+\) is using/)
    assert.ok(inUse.stderr.includes(url))
  }
  const list = ['get', 'sequences', '--project=shop', '-o', 'json']
  const live = JSON.parse((await succeed(cli.run(list))).stdout)
  await stop()
  await succeed(cli.run(['doctor', '--rebuild', '--data-dir=data']))
  const verified = await succeed(cli.run(['doctor', '--verify', '--data-dir=data']))
  assert.match(verified.stdout, /^data: \d+ events, all of them whole$/m)
  const again = cli.start(['serve', '--data-dir=data', '--port=0', '--log-level=warn'])
  t.after(() => again.process.kill('SIGKILL'))
  const endpoint = /ready at (\S+)/.exec(await again.printed('is ready at '))?.[1] ?? ''
  const rebuilt = JSON.parse((await succeed(cli.run([...list, '--endpoint', endpoint]))).stdout)
  assert.deepEqual(rebuilt, live)
  assert.equal(live.states[0].shkeptncontext, context)
  again.process.kill('SIGTERM')
  await again.ended
  const database = new DatabaseSync(join(cli.home, 'data/tiphys.db'))
  database.exec('DELETE FROM events WHERE position = (SELECT max(position) FROM events)')
  database.close()
  const broken = await cli.run(['doctor', '--verify', '--data-dir=data'])
  assert.deepEqual([broken.code, /1 event\(s\) are gone/.test(broken.stdout)], [1, true])
})
