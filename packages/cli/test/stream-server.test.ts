import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startRealServer } from './real-server.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
        - name: ask
          tasks: [{name: approval}]
`
const PLACE = ['--project=shop', '--stage=dev', '--service=carts']

test('watching goes on over a crash of the server, with every event once', async (t) => {
  const server = await startRealServer(t)
  const { cli } = server
  writeFileSync(join(cli.home, 'shipyard.yaml'), SHIPYARD)
  await cli.run(['create', 'project', 'shop', '--shipyard=shipyard.yaml'])
  await cli.run(['create', 'service', 'carts', '--project=shop'])
  const watching = cli.start(['get', 'events', '--project=shop', '--watch'])
  const waiting = cli.start(['trigger', 'sequence', 'ask', ...PLACE, '--wait'])
  await watching.printed('approval.triggered')
  const [, context = ''] = /: (\S+)$/m.exec(await waiting.printed('Triggered')) ?? []
  await server.crashAndRestart()
  const approved = await cli.run(['approve', context, '--yes'])
  assert.equal(approved.code, 0, approved.stderr)
  const { code, stdout } = await waiting.ended
  assert.equal(code, 0, stdout)
  await watching.printed('ask.finished')
  watching.process.kill('SIGINT')
  const shown = (await watching.ended).stdout.trim().split('\n')
  const listed = await cli.run(['get', 'events', '--project=shop', '-o', 'json'])
  const expected = JSON.parse(listed.stdout).toReversed()
  assert.ok(expected.length >= 5)
  assert.deepEqual(
    shown.map((line) => JSON.parse(line)),
    expected,
  )
})
