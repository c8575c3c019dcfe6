import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Application } from '@tiphys/contract/argocd-application.ts'
import { type ForeignOutcome, judgeForeignOperation } from './foreign-outcome.ts'
import { application, foreign, wish } from './judge-example.ts'
import { type JudgeMemory, NO_MEMORY } from './judgement.ts'
import { parseRfc3339 } from './rfc3339.ts'

const FINISHED_MS = parseRfc3339('2026-01-01T00:00:05Z') ?? 0

/** Looks at one snapshot again and again, from just after the operation on. */
function watch(seen: Application, untilMs: number): ForeignOutcome {
  const state = seen.status.operationState
  assert.ok(state)
  let memory: JudgeMemory = NO_MEMORY
  let afterMs = 1_000
  for (;;) {
    const nowMs = FINISHED_MS + afterMs
    const judged = judgeForeignOperation({
      application: seen,
      state,
      patience: wish.patience,
      memory,
      nowMs,
    })
    if (judged.outcome.code !== 'pending' || afterMs >= untilMs) return judged.outcome
    memory = judged.memory
    afterMs += judged.outcome.lookAgainMs
  }
}

const MINUTE_MS = 60_000

test('deployed after a settle time, also when the branch moved on meanwhile', () => {
  assert.equal(watch(application({ state: foreign }), MINUTE_MS).code, 'deployed')
  const moved = application({ state: foreign, sync: { status: 'OutOfSync', revision: 'newer' } })
  assert.equal(watch(moved, MINUTE_MS).code, 'deployed')
})

test('failed syncs and degraded health are outcomes too', () => {
  const failed = application({ state: { ...foreign, phase: 'Failed', message: 'no' } })
  assert.equal(watch(failed, MINUTE_MS).code, 'sync-failed')
  const degraded = application({ state: foreign, health: 'Degraded' })
  assert.equal(watch(degraded, 30_000).code, 'pending')
  assert.equal(watch(degraded, 2 * MINUTE_MS).code, 'degraded')
})

test('what was not compared after the operation is not judged yet', () => {
  const stale = application({ state: foreign, reconciledAt: '2026-01-01T00:00:05Z' })
  const outcome = watch(stale, MINUTE_MS)
  assert.ok(outcome.code === 'pending' && outcome.needsRefresh)
})

test('a paused Rollout stays pending; one that never gets healthy is unknown in the end', () => {
  const paused = application({
    state: foreign,
    health: 'Suspended',
    status: {
      resources: [
        { kind: 'Rollout', group: 'argoproj.io', name: 'carts', health: { status: 'Suspended' } },
      ],
    },
  })
  assert.equal(watch(paused, 20 * MINUTE_MS).code, 'pending')
  const slow = application({ state: foreign, health: 'Progressing' })
  assert.equal(watch(slow, 29 * MINUTE_MS).code, 'pending')
  assert.equal(watch(slow, 40 * MINUTE_MS).code, 'unknown')
})

test('an operation in progress has no outcome', () => {
  const running = application({ state: { ...foreign, phase: 'Running' }, operation: {} })
  assert.equal(watch(running, MINUTE_MS).code, 'pending')
})
