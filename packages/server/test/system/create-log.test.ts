import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { createLog, type LogLevel } from '../../src/adapters/system/create-log.ts'

function recorder(level: LogLevel = 'debug', secrets: () => readonly string[] = () => []) {
  const lines: string[] = []
  return { lines, log: createLog({ level, write: (line) => lines.push(line), secrets }) }
}

function parsed(line = ''): JsonObject {
  assert.ok(line.endsWith('\n'))
  const value: unknown = JSON.parse(line)
  assert.ok(isJsonObject(value))
  return value
}

/** The one line that logging this writes. */
function logged(data: object, secrets: readonly string[] = []): JsonObject {
  const { lines, log } = recorder('debug', () => secrets)
  log.warn(data, 'message')
  assert.equal(lines.length, 1)
  return parsed(lines[0])
}

test('a line has time, level, message and data', () => {
  const { lines, log } = recorder()
  log.info({ run: 'r1', count: 2 }, 'run ended')
  const { time, ...rest } = parsed(lines[0])
  assert.deepEqual(rest, { level: 'info', message: 'run ended', data: { run: 'r1', count: 2 } })
  assert.equal(new Date(String(time)).toISOString(), time)
  log.error({}, 'no data\nand two lines')
  assert.equal(parsed(lines[1])['data'], undefined)
  assert.equal(lines[1]?.split('\n').length, 2)
})

test('lines below the level are not written', () => {
  const { lines, log } = recorder('warn')
  log.debug({}, 'd')
  log.info({}, 'i')
  log.warn({}, 'w')
  log.error({}, 'e')
  assert.deepEqual(
    lines.map((line) => parsed(line)['message']),
    ['w', 'e'],
  )
})

test('an error is written with its name, message, stack, own fields and causes', () => {
  class PushError extends Error {
    override readonly name = 'PushError'
    readonly code = 'refused'
  }
  const error = new PushError('push refused', { cause: new TypeError('closed', { cause: 'eof' }) })
  const { data } = logged({ error })
  assert.ok(isJsonObject(data))
  const shown = data['error']
  assert.ok(isJsonObject(shown) && isJsonObject(shown['cause']))
  assert.equal(shown['name'], 'PushError')
  assert.equal(shown['message'], 'push refused')
  assert.equal(shown['code'], 'refused')
  assert.match(String(shown['stack']), /create-log\.test/)
  assert.equal(shown['cause']['name'], 'TypeError')
  assert.equal(shown['cause']['cause'], 'eof')
  const several = logged(new AggregateError([new Error('one'), new Error('two')], 'both'))
  assert.match(JSON.stringify(several), /"both".*"one".*"two"/)
})

test('known secrets are masked in messages, data, keys, errors, and when encoded', () => {
  const secret = 'p&ss "w0rd" ü'
  const { lines, log } = recorder('debug', () => [secret])
  const data = {
    plain: `x${secret}y`,
    [`key ${secret}`]: 1,
    deep: [{ text: secret }],
    url: `http://h/?q=${encodeURIComponent(secret)}`,
    base64: Buffer.from(secret).toString('base64'),
    json: JSON.stringify({ secret }),
    error: new Error(secret, { cause: new Error(`cause ${secret}`) }),
    map: new Map([[secret, secret]]),
  }
  log.error(data, `failed with ${secret}`)
  const [line = ''] = lines
  assert.doesNotMatch(line, /p&ss|w0rd|p%26ss/)
  assert.ok(!line.includes(Buffer.from(secret).toString('base64')))
  assert.match(line, /"message":"failed with \*\*\*"/)
})

test('a secret that becomes known later is masked from then on', () => {
  let secrets: readonly string[] = []
  const { lines, log } = recorder('debug', () => secrets)
  log.info({}, 'hunter22')
  secrets = ['hunter22']
  log.info({}, 'hunter22')
  assert.deepEqual(
    lines.map((line) => parsed(line)['message']),
    ['hunter22', '***'],
  )
})

test('fields that hold credentials, tokens of ours and passwords in URLs are masked unknown', () => {
  const token = `tiphys_${'A'.repeat(43)}`
  const { data } = logged({
    headers: { 'x-token': 'abc', Authorization: 'Bearer abc', accept: 'text/plain' },
    password: 'abc',
    apiToken: 'abc',
    text: `sent ${token} to https://anna:s@cret@example.com/x`,
  })
  assert.deepEqual(data, {
    headers: { 'x-token': '***', Authorization: '***', accept: 'text/plain' },
    password: '***',
    apiToken: '***',
    text: 'sent *** to https://anna:***@example.com/x',
  })
})

test('nothing that is logged can make it throw, nor fill the disk', () => {
  const circular: Record<string, unknown> = { big: 10n, symbol: Symbol('s'), nothing: undefined }
  circular['self'] = circular
  circular['bytes'] = new Uint8Array(9)
  circular['nan'] = Number.NaN
  circular['when'] = new Date(0)
  Object.defineProperty(circular, 'trap', {
    enumerable: true,
    get: () => {
      throw new Error('trapped')
    },
  })
  assert.deepEqual(logged(circular)['data'], {
    big: '10',
    symbol: 'Symbol(s)',
    self: '[circular]',
    bytes: '[9 bytes]',
    nan: 'NaN',
    when: '1970-01-01T00:00:00.000Z',
    trap: '[unreadable]',
  })
  const huge = { text: 'x'.repeat(1_000_000), list: Array.from({ length: 10_000 }, () => 1) }
  assert.ok(JSON.stringify(logged(huge)).length < 20_000)
  const hostile = new Proxy({}, { ownKeys: () => assert.fail('no keys') })
  assert.equal(logged({ hostile })['message'], 'message')
  const broken = createLog({
    level: 'debug',
    write: () => {
      throw new Error('disk full')
    },
  })
  broken.error({}, 'still alive')
})

test('property: whatever is logged, one line of JSON comes out without the secret', () => {
  const secret = 's3cr3t-v4lue'
  const { lines, log } = recorder('debug', () => [secret])
  const withSecret = fc.anything({
    values: [fc.string(), fc.string().map((text) => text + secret), fc.constant(secret)],
    withMap: true,
    withSet: true,
    withBigInt: true,
    withDate: true,
    withNullPrototype: true,
    withTypedArray: true,
  })
  fc.assert(
    fc.property(withSecret, fc.string(), (data, message) => {
      lines.length = 0
      log.info({ data }, message + secret)
      assert.equal(lines.length, 1)
      assert.ok(!parsed(lines[0]) || !lines[0]?.includes(secret))
    }),
  )
})
