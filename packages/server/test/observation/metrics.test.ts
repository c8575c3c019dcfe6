import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../end-to-end/until.ts'
import { type ObservedServer, openObservedServer, SHIPYARD, sample } from './observed-server.ts'

const PLACE = { project: 'shop', stage: 'staging' }
const RUN = { ...PLACE, sequence: 'delivery' }

describe('the metrics of a server', () => {
  let server: ObservedServer
  before(async () => {
    server = await openObservedServer()
  })
  after(async () => await server[Symbol.asyncDispose]())

  async function answer(context: string, task: string, result: string) {
    await server.client.report(await server.client.openTask(context, task), { result })
  }

  it('counts what happened to a delivery that failed, and to the one that repaired it', async () => {
    const bad = await server.client.trigger()
    await answer(bad, 'deployment', 'pass')
    await answer(bad, 'evaluation', 'fail')
    await answer(bad, 'rollback', 'fail')
    await server.client.ended(bad)
    const good = await server.client.trigger()
    await answer(good, 'deployment', 'pass')
    await answer(good, 'evaluation', 'warning')
    await server.client.openTask(good, 'approval')
    const page = await server.page()
    assert.equal(sample(page, 'tiphys_runs_started_total', RUN), 2)
    assert.equal(sample(page, 'tiphys_runs_ended_total', { ...RUN, result: 'fail' }), 1)
    assert.equal(sample(page, 'tiphys_runs_ended_total', { ...RUN, result: 'warning' }), 1)
    assert.equal(sample(page, 'tiphys_run_duration_seconds_count', PLACE), 3)
    const evaluated = { task: 'evaluation', result: 'warning' }
    assert.equal(sample(page, 'tiphys_task_duration_seconds_count', evaluated), 1)
    assert.equal(sample(page, 'tiphys_evaluations_total', { ...PLACE, result: 'fail' }), 1)
    const controlled = { ...PLACE, way: 'controlled', result: 'pass' }
    assert.equal(sample(page, 'tiphys_deployments_total', controlled), 2)
    assert.equal(sample(page, 'tiphys_lead_time_seconds_count', PLACE), 2)
    assert.equal(sample(page, 'tiphys_changes_total', { ...PLACE, result: 'fail' }), 1)
    assert.equal(sample(page, 'tiphys_changes_total', { ...PLACE, result: 'warning' }), 1)
    assert.equal(sample(page, 'tiphys_time_to_restore_seconds_count', PLACE), 1)
  })

  it('says what open runs wait for, by the words of why', async () => {
    const page = await server.page()
    assert.equal(sample(page, 'tiphys_runs_open', { project: 'shop' }), 1)
    const waiting = { project: 'shop', waiting_for: 'approval' }
    assert.equal(sample(page, 'tiphys_runs_waiting', waiting), 1)
    const approvals = { project: 'shop', stage: 'production' }
    assert.equal(sample(page, 'tiphys_approvals_open', approvals), 1)
    assert.ok((sample(page, 'tiphys_oldest_wait_seconds', { waiting_for: 'approval' }) ?? -1) >= 0)
    assert.equal(sample(page, 'tiphys_lanes_waiting'), 0)
  })

  it('tells events that were taken from those that were refused or came again', async () => {
    const headers = { 'idempotency-key': 'only-once-please' }
    const first = await server.client.trigger({ service: 'cart-db', headers })
    assert.equal(await server.client.trigger({ service: 'cart-db', headers }), first)
    assert.equal((await server.client.post({ project: 'nowhere' })).status, 404)
    const page = await server.page()
    const kind = 'triggered'
    assert.equal(sample(page, 'tiphys_events_total', { kind, outcome: 'accepted' }), 3)
    assert.equal(sample(page, 'tiphys_events_total', { kind, outcome: 'repeated' }), 1)
    assert.equal(sample(page, 'tiphys_events_total', { kind, outcome: 'refused' }), 1)
  })

  it('measures requests by the pattern of their route, and never by their path', async () => {
    await server.client.ask('GET', '/api/tiphys/v1/contexts/none/why')
    await server.client.ask('GET', '/no/such/path/4711')
    const page = await server.page()
    const known = { method: 'GET', route: '/api/tiphys/v1/contexts/:context/why', status: '4xx' }
    assert.equal(sample(page, 'tiphys_http_requests_total', known), 1)
    const unknown = { method: 'GET', route: 'unmatched', status: '4xx' }
    assert.equal(sample(page, 'tiphys_http_requests_total', unknown), 1)
    assert.doesNotMatch(page, /"[^"]*(4711|carts|cart-db)[^"]*"/)
  })

  it('shows the log, the outbox, the disk, and the process', async () => {
    const page = await server.page()
    const position = sample(page, 'tiphys_log_position') ?? 0
    assert.ok(position > 20)
    // The rows before the observation began are not among those counted: none were.
    assert.equal(sample(page, 'tiphys_log_rows_total'), position)
    assert.ok((sample(page, 'tiphys_commits_total', { outcome: 'committed' }) ?? 0) > 5)
    assert.ok((sample(page, 'tiphys_commit_group_units_count') ?? 0) > 0)
    assert.equal(sample(page, 'tiphys_outbox_effects'), 0)
    assert.ok((sample(page, 'tiphys_data_file_bytes', { file: 'tiphys.db' }) ?? 0) > 0)
    assert.ok((sample(page, 'tiphys_data_free_bytes') ?? 0) > 0)
    assert.ok((sample(page, 'process_resident_memory_bytes') ?? 0) > 1e7)
    assert.equal(sample(page, 'tiphys_build_info'), 1)
    assert.equal(sample(page, 'tiphys_scrape_problems_total'), undefined)
    await until('the lists to catch up', async () =>
      sample(await server.page(), 'tiphys_projections_behind_rows') === 0 ? true : undefined,
    )
  })

  it('counts the streams that are open', async () => {
    const leaves = new AbortController()
    const stream = await fetch(`${server.url}/api/tiphys/v1/projects/shop/events/stream`, {
      headers: { 'x-token': server.token },
      signal: leaves.signal,
    })
    assert.equal(stream.status, 200)
    assert.equal(sample(await server.page(), 'tiphys_streams_open'), 1)
    leaves.abort()
    await until('the stream to be gone', async () =>
      sample(await server.page(), 'tiphys_streams_open') === 0 ? true : undefined,
    )
  })

  it('needs a token that may read every project', async () => {
    const ask = async (token: string | undefined) =>
      await server.client.ask('GET', '/metrics', { token })
    assert.equal((await ask(undefined)).status, 401)
    const reader = await server.client.mintToken('prometheus', ['read'])
    const answer = await ask(reader)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    const shop = await ask(await server.client.mintToken('shop-reader', ['read'], ['shop']))
    assert.equal(shop.status, 403)
    assert.match(shop.text, /metrics are of every project and need a token for \*/)
    assert.equal((await ask(await server.client.mintToken('sender', ['trigger']))).status, 403)
    const refused = sample(await server.page(), 'tiphys_authentications_refused_total', {
      outcome: 'unauthenticated',
    })
    assert.equal(refused, 1)
  })

  it('counts nothing twice after a restart, and goes on with what was open', async () => {
    await server.restart()
    const fresh = await server.page()
    assert.equal(sample(fresh, 'tiphys_runs_started_total', RUN), 0)
    assert.equal(sample(fresh, 'tiphys_runs_ended_total'), 0)
    const written = sample(fresh, 'tiphys_log_rows_total') ?? Number.NaN
    assert.ok(written < 5, 'only what the start itself writes is counted')
    assert.equal(sample(fresh, 'tiphys_runs_open', { project: 'shop' }), 2)
    const [open] = (await server.client.runs()).filter((run) => run.service === 'cart-db')
    assert.ok(open)
    await answer(open.context, 'deployment', 'fail')
    await answer(open.context, 'rollback', 'pass')
    await server.client.ended(open.context)
    const page = await server.page()
    assert.equal(sample(page, 'tiphys_runs_ended_total', { ...RUN, result: 'fail' }), 1)
    const failed = { ...PLACE, way: 'controlled', result: 'fail' }
    assert.equal(sample(page, 'tiphys_deployments_total', failed), 1)
    // It deployed nothing, so nothing of what runs there failed.
    assert.equal(sample(page, 'tiphys_changes_total', { ...PLACE, result: 'fail' }), 0)
  })

  it('knows after a restart since when a lane was broken and a context under way', async () => {
    const bad = await server.client.trigger()
    await answer(bad, 'deployment', 'pass')
    await answer(bad, 'evaluation', 'fail')
    await answer(bad, 'rollback', 'fail')
    await server.client.ended(bad)
    const mending = await server.client.trigger()
    await server.client.openTask(mending, 'deployment')
    await server.restart()
    await answer(mending, 'deployment', 'pass')
    await answer(mending, 'evaluation', 'pass')
    const seen = await until('both figures', async () => {
      const page = await server.page()
      const restored = sample(page, 'tiphys_time_to_restore_seconds_count', PLACE)
      return restored === 1 ? page : undefined
    })
    assert.equal(sample(seen, 'tiphys_lead_time_seconds_count', PLACE), 1)
  })
})

it('answers everybody where the operator wants it so', async () => {
  await using server = await openObservedServer({ metricsPublic: true })
  const answer = await server.client.ask('GET', '/metrics', { token: undefined })
  assert.equal(answer.status, 200)
  assert.match(answer.text, /^# HELP tiphys_events_total /)
})

it('does not grow with the names of projects', async () => {
  await using server = await openObservedServer({
    metricLimits: { maxProjects: 1, maxStages: 1 },
  })
  await server.client.trigger()
  for (const name of ['shop-2', 'shop-3']) {
    await server.client.createProject(name, SHIPYARD.replaceAll('staging', 'test'), ['carts'])
    await server.client.trigger({ project: name, stage: 'test' })
  }
  const page = await server.page()
  const started = 'tiphys_runs_started_total'
  assert.equal(sample(page, started, { project: 'shop', stage: 'staging' }), 1)
  assert.equal(sample(page, started, { project: 'other', stage: 'other' }), 2)
  assert.equal(sample(page, 'tiphys_runs_open', { project: 'other' }), 2)
})
