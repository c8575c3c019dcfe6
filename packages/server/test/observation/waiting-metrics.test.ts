import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createPrometheusMeter } from '../../src/observation/prometheus-meter.ts'
import { collectWaiting } from '../../src/observation/waiting-metrics.ts'
import { sample } from './observed-server.ts'

type Engine = Parameters<typeof collectWaiting>[0]['engine']
type Projects = Parameters<typeof collectWaiting>[0]['projects']

const RUNS = 20_100
const LOOKED_AT = 20_000
const NOW_MS = 1_000_000

it('looks at a bounded number of runs, and lets other work go on meanwhile', async () => {
  const contexts = Array.from({ length: RUNS }, (_, index) => `context-${index}`)
  let asked = 0
  // Only what is read of a run, a reason and a project.
  const engine = {
    openRunsOf: () => contexts.map((context) => ({ context })),
    openRun: () => undefined,
    why(_projectId: string, context: string) {
      asked++
      const runId = `run of ${context}`
      const place = { stage: 'staging', service: context, sequence: 'delivery' }
      const words = { message: '', resolvedBy: '' }
      const lane = { runId, ...place, ...words, code: 'lane', sinceMs: NOW_MS - asked }
      const approval = { ...lane, code: 'approval', sinceMs: NOW_MS - 5_000 }
      return asked === 1 ? [lane, approval] : [lane]
    },
  } as unknown as Engine
  const projects = { list: () => [{ name: 'shop', projectId: 'p1' }] } as unknown as Projects
  const meter = createPrometheusMeter({ maxProjects: 9, maxStages: 9 })
  let isDone = false
  let turns = 0
  const other = () => {
    turns++
    if (!isDone) setImmediate(other)
  }
  setImmediate(other)
  await collectWaiting({ engine, projects, meter }, NOW_MS)
  isDone = true
  const page = await meter.page()
  const waiting = (code: string) =>
    sample(page, 'tiphys_runs_waiting', { project: 'shop', waiting_for: code })
  assert.equal(asked, LOOKED_AT)
  assert.ok(turns >= LOOKED_AT / 200, `${turns} turns for others`)
  assert.equal(sample(page, 'tiphys_runs_open', { project: 'shop' }), RUNS)
  assert.equal(waiting('lane'), LOOKED_AT)
  assert.equal(waiting('not-looked-at'), RUNS - LOOKED_AT)
  assert.equal(waiting('approval'), 1)
  assert.equal(sample(page, 'tiphys_approvals_open', { project: 'shop', stage: 'staging' }), 1)
  assert.equal(sample(page, 'tiphys_lanes_waiting'), LOOKED_AT)
  assert.equal(sample(page, 'tiphys_oldest_wait_seconds', { waiting_for: 'lane' }), 20)
  assert.equal(sample(page, 'tiphys_oldest_wait_seconds', { waiting_for: 'approval' }), 5)
})
