import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createPrometheusMeter } from '../../src/observation/prometheus-meter.ts'
import { sample } from './observed-server.ts'

const LIMITS = { maxProjects: 3, maxStages: 3 }
const PLACE = { project: 'shop', stage: 'staging' }

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
const isSkipped =
  hasPromtool || process.env['TIPHYS_TEST_PEERS'] === 'all' ? false : 'promtool is not installed'

describe('the meter', () => {
  it('adds up, sets, and replaces', async () => {
    const meter = createPrometheusMeter(LIMITS)
    meter.count('tiphys_changes_total', { ...PLACE, result: 'pass' })
    meter.count('tiphys_changes_total', { result: 'pass', ...PLACE }, 2)
    meter.count('tiphys_changes_total', { ...PLACE, result: 'fail' }, 0)
    meter.add('tiphys_streams_open', 3, {})
    meter.add('tiphys_streams_open', -1, {})
    meter.replace('tiphys_runs_open', [{ value: 4, labels: { project: 'gone' } }])
    meter.replace('tiphys_runs_open', [{ value: 5, labels: { project: 'shop' } }])
    const page = await meter.page()
    assert.equal(sample(page, 'tiphys_changes_total', { ...PLACE, result: 'pass' }), 3)
    assert.equal(sample(page, 'tiphys_changes_total', { result: 'fail' }), 0)
    assert.equal(sample(page, 'tiphys_streams_open'), 2)
    assert.equal(sample(page, 'tiphys_runs_open', { project: 'gone' }), undefined)
    assert.equal(sample(page, 'tiphys_runs_open'), 5)
    assert.equal(sample(page, 'tiphys_log_rows_total'), 0)
  })

  it('property: a histogram holds every measurement at or below its bound, and their sum', async () => {
    const anything = fc.double({ min: 0, max: 1e6, noNaN: true })
    const atBounds = fc.constantFrom(0, 1, 60, 3_600, 86_400)
    const seconds = fc.array(fc.oneof(anything, atBounds), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(seconds, async (values) => {
        const meter = createPrometheusMeter(LIMITS)
        for (const value of values) meter.observe('tiphys_run_duration_seconds', value, PLACE)
        const page = await meter.page()
        const name = 'tiphys_run_duration_seconds'
        if (values.length === 0) return assert.equal(sample(page, `${name}_count`), undefined)
        for (const bound of [1, 60, 3_600, 86_400]) {
          const within = values.filter((value) => value <= bound).length
          assert.equal(sample(page, `${name}_bucket`, { le: String(bound) }), within)
        }
        assert.equal(sample(page, `${name}_bucket`, { le: '+Inf' }), values.length)
        assert.equal(sample(page, `${name}_count`), values.length)
        const sum = values.reduce((total, value) => total + value, 0)
        assert.equal(sample(page, `${name}_sum`), sum)
      }),
      { numRuns: 50 },
    )
  })

  it('gives the first names series of their own, for good, and lets the rest share one', async () => {
    const meter = createPrometheusMeter(LIMITS)
    for (const project of ['a', 'b', 'c', 'd', 'e', 'a']) {
      meter.count('tiphys_changes_total', { project, stage: 's', result: 'pass' })
    }
    const page = await meter.page()
    const counted = ['a', 'b', 'c', 'd', 'other'].map((project) =>
      sample(page, 'tiphys_changes_total', { project }),
    )
    assert.deepEqual(counted, [2, 1, 1, undefined, 2])
  })

  it('property: never has more series of projects and stages than it was told', async () => {
    const names = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(names, async (places) => {
        const meter = createPrometheusMeter(LIMITS)
        for (const [project, stage] of places) {
          meter.count('tiphys_changes_total', { project, stage, result: 'pass' })
        }
        const page = await meter.page()
        const lines = page.split('\n').filter((line) => line.startsWith('tiphys_changes_total{'))
        assert.ok(lines.length <= (LIMITS.maxProjects + 1) * (LIMITS.maxStages + 1))
        assert.equal(sample(page, 'tiphys_changes_total') ?? 0, places.length)
      }),
      { numRuns: 50 },
    )
  })

  it('writes what promtool finds no fault with', { skip: isSkipped }, async () => {
    const meter = createPrometheusMeter(LIMITS)
    const strange = { project: 'a"b\\c\nd', stage: 'é' }
    meter.count('tiphys_changes_total', { ...strange, result: 'pass' })
    meter.observe('tiphys_run_duration_seconds', 0.1, strange)
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: await meter.page() })
    assert.equal(checked.status, 0, `${checked.stdout}${checked.stderr}`)
    assert.equal(`${checked.stdout}${checked.stderr}`, '')
  })
})
