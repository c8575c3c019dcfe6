import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LivePod } from '@tiphys/contract/argocd-api.ts'
import { Application } from '@tiphys/contract/argocd-application.ts'
import fc from 'fast-check'
import { ARGOCD_INDICATORS, type ArgocdFacts, argocdIndicator, readArgocd } from './indicators.ts'
import { restartsOf } from './pod-restarts.ts'
import { becameAt, timeIn } from './timeline.ts'

const NOON_MS = Date.UTC(2026, 0, 1, 12)
const at = (seconds: number) => new Date(NOON_MS + seconds * 1_000).toISOString()
const ms = (seconds: number) => NOON_MS + seconds * 1_000
const WINDOW = { startMs: ms(0), endMs: ms(300) }

type Status = Application['status']

function facts(status: object, more: Partial<ArgocdFacts> = {}): ArgocdFacts {
  const application = Application.parse({ metadata: { name: 'carts' }, spec: {}, status })
  const seen = { health: [], sync: [], outages: [], nowMs: ms(310) }
  return { name: 'argocd/carts', application, ...seen, ...more }
}

const operation = (more: object = {}): Status['operationState'] =>
  ({
    phase: 'Succeeded',
    startedAt: at(-60),
    finishedAt: at(-40),
    ...more,
  }) as Status['operationState']

const healthy = (changed: number) => ({ status: 'Healthy', lastTransitionTime: at(changed) })

function read(indicator: keyof typeof ARGOCD_INDICATORS, known: ArgocdFacts) {
  const reading = readArgocd(indicator, known, WINDOW)
  return reading.code === 'value' ? [reading.value, reading.remark] : reading.message
}

test('names are those of the list, and others are refused with it', () => {
  for (const name of Object.keys(ARGOCD_INDICATORS)) assert.equal(argocdIndicator(name).ok, true)
  const wrong = argocdIndicator('restart')
  assert.deepEqual(wrong, {
    ok: false,
    message:
      'argocd has no indicator restart, did you mean restarts? it has sync_duration, time_to_healthy, time_degraded, out_of_sync, restarts, failed_resources',
  })
  assert.equal(argocdIndicator('constructor').ok, false)
})

test('sync_duration is that of the newest sync that had begun by the end of the window', () => {
  assert.deepEqual(read('sync_duration', facts({ operationState: operation() })), [20, undefined])
  const later = operation({ startedAt: at(400), finishedAt: at(500) })
  const history = [
    { id: 1, deployStartedAt: at(-900), deployedAt: at(-890) },
    { id: 2, deployStartedAt: at(-500), deployedAt: at(-470) },
    { id: 3, deployStartedAt: at(400), deployedAt: at(500) },
  ]
  assert.deepEqual(read('sync_duration', facts({ operationState: later, history })), [
    30,
    undefined,
  ])
  assert.match(
    String(read('sync_duration', facts({ operationState: later }))),
    /keeps no sync of argocd\/carts/,
  )
  const running = operation({ phase: 'Running', finishedAt: null })
  assert.match(String(read('sync_duration', facts({ operationState: running }))), /is not over$/)
  // While a retry waits, the phase is Running and finishedAt is set.
  const waiting = operation({ phase: 'Running' })
  assert.match(String(read('sync_duration', facts({ operationState: waiting }))), /is not over$/)
  assert.match(String(read('sync_duration', facts({}))), /keeps no sync/)
})

test('time_to_healthy ends when the application became healthy for good after the sync', () => {
  const status = (changed: number) => ({ operationState: operation(), health: healthy(changed) })
  assert.deepEqual(read('time_to_healthy', facts(status(-30))), [30, undefined])
  // Never anything but healthy: it was when the sync was over.
  assert.deepEqual(read('time_to_healthy', facts(status(-900))), [20, undefined])
  // The stale Healthy of right after the sync does not count.
  const health = [
    { atMs: ms(-900), value: 'Healthy' },
    { atMs: ms(-38), value: 'Progressing' },
    { atMs: ms(-20), value: 'Healthy' },
    { atMs: ms(100), value: 'Degraded' },
  ]
  const degraded = {
    operationState: operation(),
    health: { status: 'Degraded', lastTransitionTime: at(100) },
  }
  assert.deepEqual(read('time_to_healthy', facts(degraded, { health })), [40, undefined])
  const never = {
    operationState: operation(),
    health: { status: 'Degraded', lastTransitionTime: at(-35) },
  }
  assert.match(
    String(read('time_to_healthy', facts(never))),
    /did not become healthy after its sync: it is Degraded$/,
  )
})

test('time_degraded and out_of_sync are seconds within the window, of what was observed', () => {
  const health = [
    { atMs: ms(-100), value: 'Healthy' },
    { atMs: ms(-10), value: 'Degraded' },
    { atMs: ms(20), value: 'Healthy' },
    { atMs: ms(290), value: 'Degraded' },
    { atMs: ms(305), value: 'Healthy' },
  ]
  const now = facts({ health: healthy(305) }, { health })
  assert.deepEqual(read('time_degraded', now), [30, undefined])
  const blind = { ...now, outages: [{ fromMs: ms(10), toMs: ms(70) }] }
  assert.deepEqual(read('time_degraded', blind), [20, '60 s of the window were not observed'])
  // Argo CD's own word for the last change is enough.
  assert.deepEqual(read('time_degraded', facts({ health: healthy(-5) })), [0, undefined])
  const late = facts({ health: { status: 'Degraded', lastTransitionTime: at(100) } })
  assert.deepEqual(read('time_degraded', late), [200, '100 s of the window were not observed'])
  assert.match(
    String(read('time_degraded', facts({}))),
    /^nobody observed argocd\/carts in the window/,
  )
  const sync = [
    { atMs: ms(-50), value: 'Synced' },
    { atMs: ms(60), value: 'OutOfSync' },
    { atMs: ms(75), value: 'Synced' },
  ]
  const synced = facts({ sync: { status: 'Synced' } }, { sync })
  assert.deepEqual(read('out_of_sync', synced), [15, undefined])
})

test('failed_resources counts what the last sync could not apply, and its failed hooks', () => {
  const resources = [
    { kind: 'Deployment', status: 'SyncFailed' },
    { kind: 'Service', status: 'Synced' },
    { kind: 'Job', status: 'Synced', hookPhase: 'Failed' },
    { kind: 'Job', hookPhase: 'Succeeded' },
  ]
  const status = { operationState: operation({ phase: 'Failed', syncResult: { resources } }) }
  assert.deepEqual(read('failed_resources', facts(status)), [2, undefined])
  const later = { operationState: operation({ startedAt: at(301) }) }
  assert.match(
    String(read('failed_resources', facts(later))),
    /keeps no resources of earlier ones$/,
  )
})

const container = (restartCount: number, state: object, lastState: object = {}) => ({
  restartCount,
  state,
  lastState,
})
const running = (seconds: number) => ({ running: { startedAt: at(seconds) } })
const ended = (seconds: number) => ({
  terminated: { startedAt: at(seconds), finishedAt: at(seconds + 1) },
})

function restarts(created: number, ...containerStatuses: object[]) {
  const pod = LivePod.parse({
    metadata: { creationTimestamp: at(created) },
    status: { containerStatuses },
  })
  const { atLeast, atMost } = restartsOf(pod, WINDOW)
  return atLeast === atMost ? atMost : [atLeast, atMost]
}

test('restarts are counted within the window, and a range where Kubernetes does not keep the times', () => {
  assert.equal(restarts(-900, container(0, running(-899))), 0)
  assert.equal(restarts(-900, container(7, running(-10), ended(-100))), 0)
  assert.equal(restarts(-900, container(1, running(30), ended(-899))), 1)
  assert.equal(restarts(-900, container(2, running(30), ended(10))), 2)
  assert.deepEqual(restarts(-900, container(7, running(30), ended(10))), [2, 7])
  assert.equal(restarts(-900, container(7, running(30), ended(-10))), 1)
  assert.equal(restarts(1, container(7, running(200), ended(100))), 7)
  // It waits to be started again.
  assert.equal(
    restarts(1, container(2, { waiting: { reason: 'CrashLoopBackOff' } }, ended(100))),
    2,
  )
  assert.equal(restarts(-900, container(1, running(301), ended(-899))), 0)
  assert.equal(restarts(-5, container(1, running(30), ended(-4)), container(0, running(-4))), 1)
  assert.equal(restarts(-900), 0)
  const range = facts({}, { restarts: { atLeast: 2, atMost: 7 } })
  const [value, remark] = read('restarts', range) as [number, string]
  assert.equal(value, 7)
  assert.match(remark, /^between 2 and 7: /)
})

test('property: what is seen and what is not make up the window, and parts of it add up', () => {
  const moment = fc.integer({ min: -50, max: 150 })
  const timelines = fc
    .array(fc.tuple(moment, fc.constantFrom('a', 'b')), { maxLength: 8 })
    .map((list) => list.toSorted(([x], [y]) => x - y).map(([atMs, value]) => ({ atMs, value })))
  const outages = fc
    .array(fc.tuple(moment, fc.nat(40)), { maxLength: 4 })
    .map((list) => list.map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length })))
  fc.assert(
    fc.property(timelines, outages, fc.nat(100), (timeline, away, cut) => {
      const span = (startMs: number, endMs: number) => ({ startMs, endMs })
      const of = (value: string, startMs = 0, endMs = 100) =>
        timeIn(timeline, away, [value], span(startMs, endMs))
      const { unseenMs } = of('a')
      assert.equal(of('a').ms + of('b').ms + unseenMs, 100)
      assert.equal(of('a', 0, cut).ms + of('a', cut, 100).ms, of('a').ms)
      assert.equal(of('a', 0, cut).unseenMs + of('a', cut, 100).unseenMs, unseenMs)
      const became = becameAt(timeline, ['a'], 0, 10)
      assert.ok(became === undefined || became >= 0)
    }),
  )
})
