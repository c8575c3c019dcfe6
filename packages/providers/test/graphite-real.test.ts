import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { createGraphiteProvider } from '@tiphys/providers/graphite/graphite-provider.ts'
import { createGuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import { missingGraphite, STEP_S, startGraphite } from './graphite-server.ts'
import { REQUEST } from './provider-contract.ts'

/** The provider against the program it was written for. */
const skip = missingGraphite()
const POINTS = 30
const MS_PER_SECOND = 1000

const nowS = Math.floor(Date.now() / MS_PER_SECOND)
const WINDOW_S = POINTS * STEP_S
/** On the grid that Graphite keeps, also when it makes one point of several: points lie on the very start and the very end. */
const startS = nowS - (nowS % WINDOW_S) - 2 * WINDOW_S
const endS = startS + WINDOW_S

let graphite: Awaited<ReturnType<typeof startGraphite>>

before(async () => {
  if (skip) return
  const within = Array.from({ length: POINTS }, (_, index): [number, number] => [
    index + 1,
    startS + index * STEP_S,
  ])
  const around: [number, number][] = [
    [1000, startS - STEP_S],
    [1000, endS],
  ]
  graphite = await startGraphite({
    'stats.carts.a.p95': [...within, ...around],
    'stats.carts.b.p95': within.filter(([value]) => value % 3 === 0),
    'requests;service=carts;build=7 (rc 1)': within,
  })
})

after(async () => {
  await graphite?.stop()
})

function ask(query: SliQuery, retryAttempts = 1) {
  const retry = { attempts: retryAttempts, firstDelayMs: 1, maxDelayMs: 1 }
  const provider = createGraphiteProvider(
    { name: 'graphite', settings: { url: graphite.url } },
    { http: createGuardedHttp(), retry },
  )
  const window = { startMs: startS * MS_PER_SECOND, endMs: endS * MS_PER_SECOND }
  const scope = { ...REQUEST.scope, labels: { build: '7 (rc 1)' } }
  return provider.fetchValue({ ...REQUEST, query, window, scope })
}

test('the points of the window count, its start included, its end not', { skip }, async () => {
  const average = await ask({ query: 'stats.{{ service }}.a.p95' })
  assert.deepEqual([average.message, average.value], ['', 15.5])
  const points = average.detail.series?.points ?? []
  assert.equal(points.length, POINTS)
  assert.deepEqual(points[0], [startS * MS_PER_SECOND, 1])
  assert.deepEqual(points.at(-1), [(endS - STEP_S) * MS_PER_SECOND, POINTS])
  const most = await ask({ query: 'stats.carts.b.p95', aggregate: 'count' })
  assert.equal(most.value, POINTS / 3)
})

test('functions, several targets in one, and tags', { skip }, async () => {
  const sum = await ask({ query: 'sumSeries(stats.carts.*.p95)', aggregate: 'max' })
  assert.equal(sum.value, 2 * POINTS)
  const tagged = "seriesByTag('name=requests', 'service={{ service }}', 'build={{ labels.build }}')"
  const last = await ask({ query: tagged, aggregate: 'last' })
  assert.deepEqual([last.message, last.value], ['', POINTS])
})

test('more points than were asked for are averages of neighbours', { skip }, async () => {
  const query = { query: 'stats.carts.a.p95', with: { maxDataPoints: 10 } }
  const value = await ask({ ...query, aggregate: 'min' })
  assert.equal(value.detail.series?.points.length, 10)
  assert.ok(value.value > 1, `${value.value}`)
})

test('no series, several, a wrong function and an exception are told apart', { skip }, async () => {
  const told = async (query: string) => {
    const { detail, message } = await ask({ query })
    return [detail.problem, message]
  }
  assert.deepEqual(await told('stats.nothing'), ['no-data', 'no series matches the target'])
  const [several, which] = await told('stats.carts.*.p95')
  assert.equal(several, 'several-values')
  assert.match(which ?? '', /^query did return 2 series \(stats\.carts\.[ab]\.p95, /)
  const [unknown, name] = await told('nope(stats.carts.a.p95)')
  assert.equal(unknown, 'query-refused')
  assert.match(
    name ?? '',
    /^Graphite refused the query \(400\): Invalid parameters \(Received request for unknown function: nope\)/,
  )
  const [failed, why] = await told("movingAverage(stats.carts.a.p95, 'x')")
  assert.equal(failed, 'provider-failed')
  assert.match(
    why ?? '',
    /^Graphite at 127\.0\.0\.1:\d+ failed \(500\): \w*(Error|Exception): [^\n]+$/,
  )
})

test('the link of a report is a picture', { skip }, async () => {
  const { detail } = await ask({ query: 'stats.carts.a.p95' })
  const answer = await fetch(detail.link ?? '')
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/png'])
  assert.ok((await answer.arrayBuffer()).byteLength > 1000)
})
