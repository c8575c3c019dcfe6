import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { InfluxdbConnection } from '@tiphys/contract/connections/influxdb.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { createGuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import { createInfluxdbProvider } from '@tiphys/providers/influxdb/influxdb-provider.ts'
import { missingInfluxdb, type RunningInfluxdb, startInfluxdb } from './influxdb-server.ts'
import { REQUEST } from './provider-contract.ts'

/** The provider against the program it was written for, version 1, with a user who may only read. */
const skip = missingInfluxdb()
const { startMs, endMs } = REQUEST.window
const EVERY_MS = 10_000
const HOSTILE = REQUEST.scope.labels['hostile'] ?? ''

let influxdb: RunningInfluxdb

before(async () => {
  if (skip) return
  influxdb = await startInfluxdb()
  const points = (endMs - startMs) / EVERY_MS
  const lines = Array.from({ length: points }, (_, index) => {
    const timeMs = startMs + index * EVERY_MS
    return `http,service=carts,host=${index % 2 ? 'a' : 'b'} ms=${index + 1},text="x" ${timeMs}`
  })
  // Outside of the window, and of another service.
  lines.push(`http,service=carts,host=a ms=1000 ${startMs - 1}`)
  lines.push(`http,service=carts,host=a ms=1000 ${endMs}`)
  lines.push(`http,service=payment,host=a ms=500 ${startMs}`)
  const tag = HOSTILE.replaceAll(/([ ,=])/g, '\\$1')
  lines.push(`labelled,build=${tag} ms=42 ${startMs}`)
  await influxdb.write(lines)
})

after(async () => {
  await influxdb?.stop()
})

const WINDOW = `"service"='{{ service }}' AND time >= {{ start_ms }}ms AND time < {{ end_ms }}ms`

function ask(query: SliQuery, settings: object = {}) {
  const { user, password } = influxdb.reader
  const parsed = InfluxdbConnection.parse({
    ...{ url: influxdb.url, version: 1, database: influxdb.database, user, password },
    ...settings,
  })
  const provider = createInfluxdbProvider(
    { name: 'influxdb', settings: parsed },
    { http: createGuardedHttp() },
  )
  return provider.fetchValue({ ...REQUEST, query })
}

test('a mean, a percentile and a course are those of what was written', { skip }, async () => {
  const mean = await ask({ query: `SELECT mean("ms") FROM "http" WHERE ${WINDOW}` })
  assert.deepEqual([mean.message, mean.value], ['', 15.5])
  const p90 = await ask({ query: `SELECT percentile("ms", 90) FROM "http" WHERE ${WINDOW}` })
  assert.equal(p90.value, 27)
  const course = { query: `SELECT mean("ms") FROM "http" WHERE ${WINDOW} GROUP BY time(1m)` }
  const worst = await ask({ ...course, aggregate: 'max' })
  assert.equal(worst.value, 27.5)
  // Minutes of the clock, of which the last has no point: the window begins and ends within one.
  assert.equal(worst.detail.series?.points.length, 5)
  assert.equal(worst.detail.series?.points[0]?.[0], Math.floor(startMs / 60_000) * 60_000)
})

test('every way to log in works, and a wrong password is told', { skip }, async () => {
  const query = { query: `SELECT count("ms") FROM "http" WHERE ${WINDOW}` }
  const { token } = influxdb.reader
  for (const settings of [
    {},
    { credentialsIn: 'query' },
    { user: undefined, password: undefined, token },
  ]) {
    const value = await ask(query, settings)
    assert.deepEqual([value.message, value.value], ['', 30])
  }
  const wrong = await ask(query, { password: 'guessed' })
  assert.equal(wrong.detail.problem, 'auth-refused')
  assert.match(wrong.message, /refused our credentials \(401\): authorization failed$/)
})

test('no series, several, no number, and queries it refuses are told apart', { skip }, async () => {
  const told = async (query: string, settings?: object) => {
    const { detail, message } = await ask({ query }, settings)
    return [detail.problem, message]
  }
  assert.deepEqual(await told(`SELECT mean("ms") FROM "nothing" WHERE ${WINDOW}`), [
    'no-data',
    'query did not return any values',
  ])
  assert.deepEqual(await told(`SELECT mean("ms") FROM "http" WHERE ${WINDOW} GROUP BY "host"`), [
    'several-values',
    'query did return 2 series (http host=a; http host=b)',
  ])
  assert.deepEqual(await told(`SELECT last("text") FROM "http" WHERE ${WINDOW}`), [
    'not-a-number',
    'no column holds numbers: there are last',
  ])
  const [broken, where] = await told('SELECT mean("ms"')
  assert.equal(broken, 'query-refused')
  assert.match(where ?? '', /^InfluxDB refused the query \(400\): error parsing query: found EOF/)
  const [absent, which] = await told('SELECT mean("ms") FROM "http"', { database: 'other' })
  // A reader may not even know whether it is there.
  assert.equal(absent, 'auth-refused')
  assert.match(which ?? '', /not authorized to execute statement/)
})

test('rows beyond the limit of the server are no value', { skip }, async () => {
  const value = await ask({ query: `SELECT "ms" FROM "http" WHERE ${WINDOW}`, aggregate: 'count' })
  assert.equal(value.detail.problem, 'several-values')
  assert.match(value.message, /^the answer is cut at 20 rows/)
})

test('a label with quotes is found as the text it is', { skip }, async () => {
  const query = { query: `SELECT last("ms") FROM "labelled" WHERE "build"='{{ labels.hostile }}'` }
  const value = await ask(query)
  assert.deepEqual([value.message, value.value], ['', 42])
})
