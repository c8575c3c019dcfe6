import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { startRealServer } from './real-server.ts'

test('a token is made for what it may do, shown once, listed without its text, and revoked', async (t) => {
  const { cli } = await startRealServer(t)
  const made = await cli.run(['create', 'token', 'ci', '--scope=trigger,read', '--project=shop'])
  assert.deepEqual(
    [made.code, made.stderr],
    [0, 'Token ci may trigger, read in shop. Shown this once:\n'],
  )
  assert.match(made.stdout, /^tiphys_\S+\n$/)
  const token = made.stdout.trim()
  const listed = await cli.run(['get', 'tokens'])
  assert.match(listed.stdout, /^ci +trigger, read +shop +/m)
  assert.ok(!listed.stdout.includes(token))
  const narrow = await cli.run([
    'create',
    'project',
    'x',
    '--shipyard=nope.yaml',
    `--api-token=${token}`,
  ])
  assert.equal(narrow.code, 2)
  const refused = await cli.run(['get', 'tokens', `--api-token=${token}`])
  assert.match(refused.stderr, /lacks the scope admin/)
  assert.equal((await cli.run(['delete', 'token', 'ci', '--yes'])).code, 0)
  assert.equal((await cli.run(['get', 'projects', `--api-token=${token}`])).code, 2)
})

test('a scope that is none, and none at all, are said before anything is sent', async (t) => {
  const { cli } = await startRealServer(t)
  const wrong = await cli.run(['create', 'token', 'ci', '--scope=everything'])
  const none = await cli.run(['create', 'token', 'ci'])
  assert.match(wrong.stderr, /everything is no scope: trigger, answer, /)
  assert.match(none.stderr, /needs at least one --scope/)
  assert.deepEqual([wrong.code, none.code], [2, 2])
})
