import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { failureOf, ownWords } from '../../src/adapters/git/git-failure.ts'

function of(stderr: string) {
  const result = { code: 'exited', exitCode: 128, stdout: Buffer.alloc(0), stderr } as const
  return failureOf(result, 'host/shop', [])
}

test('git’s own line says what is wrong, whatever the host said before it', () => {
  const said = "remote: Connection timed out, transport 'ssh' not allowed\n"
  const own =
    "fatal: unable to access 'https://host/shop/': The requested URL returned error: 403\n"
  assert.equal(of(said + own).code, 'authentication-refused')
})

test('where git says nothing of its own the host’s words count', () => {
  assert.equal(of('fatal: remote error: Repository not found.\n').code, 'repository-not-found')
  assert.equal(of('remote: Access denied\nfatal: bad\n').code, 'authentication-refused')
})

test('no word of a host is about what is set here, or about our disk', () => {
  const { code, message } = of("remote: transport 'ssh' not allowed\n")
  assert.equal(code, 'git-failed')
  assert.match(message, /transport 'ssh' not allowed/)
  assert.equal(of("fatal: transport 'ssh' not allowed\n").code, 'url-not-allowed')
  const lines = ['remote: No space left', 'fatal: remote error: unable to write', 'fatal: ours']
  assert.equal(ownWords(lines.join('\n')), 'fatal: ours')
})
