import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Application, Operation } from '@tiphys/contract/argocd-application.ts'
import {
  type AttributionFacts,
  attribute,
  belongsToOperation,
  operationKey,
} from './attribution.ts'
import { parseRfc3339 } from './rfc3339.ts'

const STARTED_AT = '2026-01-01T10:00:00Z'
const STARTED_MS = parseRfc3339(STARTED_AT) ?? 0
const HOUR_MS = 3_600_000

const facts: AttributionFacts = {
  connectedMs: STARTED_MS - HOUR_MS,
  isKnownApplication: true,
  wasSeenInProgress: false,
  nowMs: STARTED_MS + 60_000,
}

function after(operation: Operation): Application {
  return {
    metadata: { name: 'carts', namespace: 'argocd', uid: 'u-1' },
    spec: { project: 'default' },
    status: { operationState: { phase: 'Succeeded', startedAt: STARTED_AT, operation } },
  }
}

test('an operation is ours by info, then by trailer, then by adoption', () => {
  const info = [{ name: 'tiphys.dev/run', value: 'run-info' }]
  const all = { ...facts, trailerRunId: 'run-trailer', adoptedBy: 'run-adopting' }
  const ours = (operation: Operation, known: AttributionFacts) => {
    const attributed = attribute(after(operation), known)
    return attributed.code === 'ours' ? `${attributed.runId} by ${attributed.by}` : attributed.code
  }
  assert.equal(ours({ info }, all), 'run-info by info')
  assert.equal(ours({}, all), 'run-trailer by trailer')
  assert.equal(ours({}, { ...facts, adoptedBy: 'run-adopting' }), 'run-adopting by adoption')
})

test('dry run, partial sync and self-heal are no deployments', () => {
  const reasons = [
    { dryRun: true },
    { resources: [{ kind: 'Service', name: 'carts' }] },
    { autoHealAttemptsCount: 2 },
  ].map((sync) => {
    const attributed = attribute(after({ sync }), facts)
    return attributed.code === 'no-deployment' ? attributed.reason : attributed.code
  })
  assert.deepEqual(reasons, ['dry-run', 'partial-sync', 'self-heal'])
})

test('anything else is foreign, also the first operation of a new application', () => {
  assert.equal(attribute(after({}), facts).code, 'foreign')
  assert.equal(attribute(after({}), { ...facts, isKnownApplication: false }).code, 'foreign')
  assert.equal(attribute(after({ initiatedBy: { automated: true } }), facts).code, 'foreign')
})

test('what began before we were connected is baseline, also when we saw it end', () => {
  const watched = { ...facts, connectedMs: STARTED_MS + 1, wasSeenInProgress: true }
  assert.equal(attribute(after({}), watched).code, 'baseline')
  assert.equal(attribute(after({}), { ...facts, connectedMs: STARTED_MS + 1 }).code, 'baseline')
  assert.equal(attribute(after({}), { ...facts, connectedMs: STARTED_MS }).code, 'foreign')
})

test('over an hour old: baseline when never seen, listed when known, foreign when watched', () => {
  const late = { ...facts, nowMs: STARTED_MS + HOUR_MS + 1 }
  assert.equal(attribute(after({}), { ...late, isKnownApplication: false }).code, 'baseline')
  assert.equal(attribute(after({}), late).code, 'listed')
  assert.equal(attribute(after({}), { ...late, wasSeenInProgress: true }).code, 'foreign')
  assert.equal(attribute(after({}), { ...late, nowMs: STARTED_MS + HOUR_MS }).code, 'foreign')
})

test('an application without an operation, or with one that nobody picked up yet, has none', () => {
  const fresh = after({})
  fresh.status = {}
  assert.deepEqual(attribute(fresh, facts), { code: 'no-operation' })
  fresh.operation = { info: [] }
  assert.deepEqual(attribute(fresh, facts), { code: 'no-operation' })
})

test('the key names instance, application and operation', () => {
  assert.equal(
    operationKey('default', 'u-1', STARTED_AT),
    'argocd-operation:default:u-1:2026-01-01T10:00:00Z',
  )
})

test('health belongs to an operation until ten minutes after its end', () => {
  const state = { phase: 'Succeeded', startedAt: STARTED_AT, finishedAt: '2026-01-01T10:01:00Z' }
  const finishedMs = STARTED_MS + 60_000
  assert.equal(belongsToOperation(state, finishedMs + 600_000), true)
  assert.equal(belongsToOperation(state, finishedMs + 600_001), false)
})
