import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Application } from '@tiphys/contract/argocd-application.ts'
import fc from 'fast-check'
import { judgeDeployment, type Look } from './judge.ts'
import { application, facts, look, OLD, OUR_INFO, WISHED, wish } from './judge-example.ts'
import { type JudgeMemory, NO_MEMORY } from './judgement.ts'
import { type DeploymentOutcome, isEnded } from './outcome.ts'
import type { Standing } from './wish.ts'

const revision = fc.constantFrom(WISHED, OLD, 'newer', 'theirs', '')
const second = fc.integer({ min: 0, max: 9 }).map((value) => `2026-01-01T00:00:0${value}Z`)
const anyApplication: fc.Arbitrary<Application> = fc
  .record({
    phase: fc.constantFrom('Running', 'Terminating', 'Succeeded', 'Failed', 'Error'),
    ours: fc.boolean(),
    busy: fc.boolean(),
    idle: fc.boolean(),
    result: revision,
    compared: revision,
    sync: fc.constantFrom('Synced', 'OutOfSync', 'Unknown', ''),
    health: fc.constantFrom(
      'Healthy',
      'Suspended',
      'Progressing',
      'Missing',
      'Degraded',
      'Unknown',
    ),
    reconciledAt: second,
    finishedAt: second,
    heals: fc.boolean(),
  })
  .map((one) => {
    const operation = {
      info: one.ours ? OUR_INFO : [],
      sync: one.heals ? { autoHealAttemptsCount: 1 } : {},
    }
    return application({
      ...(one.busy ? { operation } : {}),
      state: one.idle
        ? null
        : {
            phase: one.phase,
            operation,
            syncResult: { revision: one.result },
            finishedAt: one.finishedAt,
          },
      sync: { status: one.sync, revision: one.compared },
      health: one.health,
      reconciledAt: one.reconciledAt,
    })
  })

const anyWish = fc.record({
  isNew: fc.boolean(),
  syncBy: fc.constantFrom('tiphys' as const, 'argocd' as const),
})
const anyFacts = fc.record({
  isSyncAccepted: fc.boolean(),
  isRefreshed: fc.boolean(),
  isWindowClosed: fc.boolean(),
})
const STANDINGS: Record<string, Standing> = { [OLD]: 'before', newer: 'carries', theirs: 'differs' }

test('whatever Argo CD shows in whatever order, success is never believed too early', () => {
  const steps = fc.array(fc.tuple(anyApplication, fc.nat(20_000)), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(steps, anyWish, anyFacts, (snapshots, wishes, known) => {
      let memory: JudgeMemory = NO_MEMORY
      let nowMs = 0
      let goodSinceMs: number | undefined
      for (const [seen, delayMs] of snapshots) {
        nowMs += delayMs
        const one = look({
          application: seen,
          wish: { ...wish, ...wishes },
          facts: { ...facts, ...known, standings: STANDINGS, deadlineMs: 10_000_000 },
          memory,
          nowMs,
        })
        const judged = judgeDeployment(one)
        const isGood = ['Healthy', 'Suspended'].includes(seen.status.health?.status ?? '')
        goodSinceMs = isGood ? (goodSinceMs ?? nowMs) : undefined
        checkSuccess(judged.outcome, seen, goodSinceMs, nowMs)
        checkMonotone(one, judged.outcome, judged.memory)
        memory = judged.memory
      }
    }),
    { numRuns: 2_000 },
  )
})

function checkSuccess(
  outcome: DeploymentOutcome,
  seen: Application,
  goodSinceMs: number | undefined,
  nowMs: number,
): void {
  if (outcome.code !== 'succeeded' && outcome.code !== 'paused') return
  assert.equal(seen.operation, undefined, 'an operation is present')
  const state = seen.status.operationState
  if (state) {
    assert.ok((seen.status.reconciledAt ?? '') > (state.finishedAt ?? ''), 'before the trust gate')
  }
  assert.ok(['Synced', 'OutOfSync'].includes(seen.status.sync?.status ?? ''), 'not compared')
  assert.ok([WISHED, 'newer'].includes(seen.status.sync?.revision ?? ''), 'another revision')
  assert.ok(goodSinceMs !== undefined, 'not healthy')
  const noChange = outcome.code === 'succeeded' && outcome.noChange
  if (!noChange && outcome.code === 'succeeded') {
    assert.ok(nowMs - goodSinceMs >= wish.patience.settleMs, 'not settled')
  }
}

/** Time alone never takes an outcome back, and never makes a success out of what cannot be one. */
function checkMonotone(one: Look, outcome: DeploymentOutcome, memory: JudgeMemory): void {
  const later = judgeDeployment({ ...one, memory, nowMs: one.nowMs + 500_000 }).outcome
  if (isEnded(outcome)) assert.equal(later.code, outcome.code)
}
