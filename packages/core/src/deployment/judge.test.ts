import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { judgeDeployment, revisionsToAsk } from './judge.ts'
import {
  AT_5,
  application,
  facts,
  foreign,
  look,
  OLD,
  OUR_INFO,
  WISHED,
  watch,
  wish,
} from './judge-example.ts'
import { isEnded, taskVerdictOf } from './outcome.ts'
import type { Standing } from './wish.ts'
import { standingOf } from './wish.ts'

test('our sync, compared after it, healthy for a settle time: succeeded', () => {
  const first = judgeDeployment(look())
  assert.equal(first.outcome.code, 'waiting')
  const early = judgeDeployment(look({ memory: first.memory, nowMs: 9_999 }))
  assert.equal(early.outcome.code, 'waiting')
  const { outcome } = judgeDeployment(look({ memory: first.memory, nowMs: 10_000 }))
  assert.deepEqual(outcome, {
    code: 'succeeded',
    noChange: false,
    pruneLeftOver: false,
    message: 'application argocd/carts runs revision c0ffee',
  })
  assert.deepEqual(isEnded(outcome) && taskVerdictOf(outcome), {
    status: 'succeeded',
    result: 'pass',
  })
})

test('the settle time begins anew when health was lost in between', () => {
  const first = judgeDeployment(look())
  const lost = judgeDeployment(
    look({
      application: application({ health: 'Progressing' }),
      memory: first.memory,
      nowMs: 5_000,
    }),
  )
  const again = judgeDeployment(look({ memory: lost.memory, nowMs: 11_000 }))
  assert.equal(again.outcome.code, 'waiting')
})

test('health from before the operation, or from the same second, is not believed', () => {
  for (const reconciledAt of ['2026-01-01T00:00:04Z', AT_5]) {
    const outcome = watch({ application: application({ reconciledAt }) })
    assert.equal(outcome.code, 'waiting')
    assert.equal(outcome.code === 'waiting' && outcome.need, 'refresh')
  }
})

test('a retry that waits is Running with finishedAt set, and not over', () => {
  const running = application({ state: { phase: 'Running' }, operation: { info: OUR_INFO } })
  assert.equal(watch({ application: running }).code, 'waiting')
  assert.equal(watch({ application: application({ state: { phase: 'Running' } }) }).code, 'waiting')
})

test('a failed sync carries the words of Argo CD and of the resources', () => {
  const outcome = watch({
    application: application({
      state: {
        phase: 'Failed',
        message: 'one or more objects failed to apply',
        syncResult: {
          revision: WISHED,
          resources: [
            {
              kind: 'Deployment',
              name: 'carts',
              status: 'SyncFailed',
              message: 'field is immutable',
            },
            { kind: 'Job', name: 'smoke', hookPhase: 'Failed', message: 'exit 1' },
            { kind: 'Service', name: 'carts', status: 'Synced', message: 'unchanged' },
          ],
        },
      },
    }),
  })
  assert.deepEqual(outcome, {
    code: 'sync-failed',
    message:
      'the sync of argocd/carts failed: one or more objects failed to apply; Deployment carts: field is immutable; Job smoke: exit 1',
  })
})

test('degraded is believed after its grace, and a recovery starts the grace anew', () => {
  const sick = application({ health: 'Degraded' })
  const first = judgeDeployment(look({ application: sick }))
  assert.equal(first.outcome.code, 'waiting')
  const late = judgeDeployment(look({ application: sick, memory: first.memory, nowMs: 60_000 }))
  assert.equal(late.outcome.code, 'degraded')
  assert.deepEqual(isEnded(late.outcome) && taskVerdictOf(late.outcome), {
    status: 'succeeded',
    result: 'fail',
  })
  const better = judgeDeployment(look({ memory: first.memory, nowMs: 30_000 }))
  const again = judgeDeployment(look({ application: sick, memory: better.memory, nowMs: 60_000 }))
  assert.equal(again.outcome.code, 'waiting')
})

test('what only a prune would remove is a warning; other drift waits, unless drift is allowed', () => {
  const leftOver = application({
    sync: { status: 'OutOfSync', revision: WISHED },
    status: {
      resources: [
        { kind: 'ConfigMap', name: 'old', status: 'OutOfSync', requiresPruning: true },
        { kind: 'Service', name: 'carts', status: 'Synced' },
      ],
    },
  })
  const outcome = watch({ application: leftOver })
  assert.ok(outcome.code === 'succeeded' && outcome.pruneLeftOver)
  assert.equal(taskVerdictOf(outcome).result, 'warning')

  const drifted = application({
    sync: { status: 'OutOfSync', revision: WISHED },
    status: { resources: [{ kind: 'Service', name: 'carts', status: 'OutOfSync' }] },
  })
  const waits = watch({ application: drifted })
  assert.equal(waits.code, 'waiting')
  assert.match(waits.message, /still OutOfSync \(Service carts\)/)
  const tolerant = { ...wish, patience: { ...wish.patience, requireSynced: false } }
  assert.equal(watch({ application: drifted, wish: tolerant }).code, 'succeeded')
})

test('a paused Rollout is a gate; anything else suspended counts as healthy', () => {
  const resource = (kind: string, group: string) => ({
    kind,
    group,
    name: 'carts',
    status: 'Synced',
    health: { status: 'Suspended' },
  })
  const paused = watch({
    application: application({
      health: 'Suspended',
      status: { resources: [resource('Rollout', 'argoproj.io')] },
    }),
  })
  assert.deepEqual(paused, {
    code: 'paused',
    message: 'Rollout carts of argocd/carts is paused at a step',
    rollouts: ['carts'],
  })
  const cron = watch({
    application: application({
      health: 'Suspended',
      status: { resources: [resource('CronJob', 'batch')] },
    }),
  })
  assert.equal(cron.code, 'succeeded')
  assert.match(cron.message, /suspended/)
})

test('error conditions and Unknown health end errored after their grace', () => {
  const broken = application({
    status: { conditions: [{ type: 'ComparisonError', message: 'repository not found' }] },
  })
  const outcome = watch({ application: broken })
  assert.equal(outcome.code, 'unknown')
  assert.match(outcome.message, /ComparisonError: repository not found/)
  assert.equal(watch({ application: application({ health: 'Unknown' }) }).code, 'unknown')
  assert.equal(watch({ application: application({ sync: { status: 'Unknown' } }) }).code, 'unknown')
  assert.equal(watch({ application: application({ health: 'Progressing' }) }).code, 'waiting')
  assert.equal(watch({ application: application({ health: 'Missing' }) }).code, 'waiting')
})

test('no operation yet: a new commit is synced at once, and only once', () => {
  const outcome = watch({ application: application({ state: null }) }, 0)
  assert.equal(outcome.code === 'waiting' && outcome.need, 'sync')
  const accepted = { ...facts, isSyncAccepted: true }
  const after = watch({ application: application({ state: null }), facts: accepted })
  assert.notEqual(after.code === 'waiting' && after.need, 'sync')
})

test('the last operation before ours is no reason for anything but our sync', () => {
  for (const phase of ['Succeeded', 'Failed', 'Error']) {
    const before = application({ state: { ...foreign, phase, syncResult: { revision: OLD } } })
    const outcome = watch({ application: before }, 0)
    assert.equal(outcome.code === 'waiting' && outcome.need, 'sync', phase)
  }
})

test('auto-sync that was faster is adopted, with its failure where it alone syncs', () => {
  const first = judgeDeployment(look({ application: application({ state: foreign }) }))
  assert.equal(first.memory.adopted, '2026-01-01T00:00:00Z')
  assert.equal(watch({ application: application({ state: foreign }) }).code, 'succeeded')
  const failed = application({ state: { ...foreign, phase: 'Failed' } })
  assert.equal(
    watch({ application: failed, wish: { ...wish, syncBy: 'argocd' } }).code,
    'sync-failed',
  )
  const retry = watch({ application: failed }, 0)
  assert.equal(retry.code === 'waiting' && retry.need, 'sync')
})

test('auto-sync: nothing is asked for but one refresh, then it waits for an operation', () => {
  const idle = application({
    state: { ...foreign, syncResult: { revision: OLD } },
    sync: { status: 'Synced', revision: OLD },
  })
  const auto = { ...wish, syncBy: 'argocd' as const }
  const first = watch({ application: idle, wish: auto }, 0)
  assert.equal(first.code === 'waiting' && first.need, 'refresh')
  const then = watch({ application: idle, wish: auto, facts: { ...facts, isRefreshed: true } })
  assert.equal(then.code === 'waiting' && then.need, 'auto-sync')
})

test('values that stood in Git already: synced, healthy and compared is success without a sync', () => {
  const known = { ...wish, isNew: false }
  const deployed = application({ state: foreign })
  const asked = watch({ application: deployed, wish: known }, 0)
  assert.equal(asked.code === 'waiting' && asked.need, 'refresh')
  const outcome = watch(
    { application: deployed, wish: known, facts: { ...facts, isRefreshed: true } },
    0,
  )
  assert.ok(outcome.code === 'succeeded' && outcome.noChange)
  const drifted = application({ state: foreign, sync: { status: 'OutOfSync', revision: WISHED } })
  const sync = watch(
    { application: drifted, wish: known, facts: { ...facts, isRefreshed: true } },
    0,
  )
  assert.equal(sync.code === 'waiting' && sync.need, 'sync')
})

test('another value of what we set is superseded, wherever it shows', () => {
  const theirs: Record<string, Standing> = { theirs: 'differs' }
  const standings = { ...facts, standings: theirs }
  const inSync = application({ sync: { status: 'OutOfSync', revision: 'theirs' } })
  assert.equal(watch({ application: inSync, facts: standings }).code, 'superseded')
  const inOperation = application({ state: { ...foreign, syncResult: { revision: 'theirs' } } })
  const outcome = watch({ application: inOperation, facts: standings })
  assert.equal(outcome.code, 'superseded')
  assert.deepEqual(isEnded(outcome) && taskVerdictOf(outcome), {
    status: 'aborted',
    result: 'fail',
  })
})

test('after our sync was accepted, an operation that goes back before it supersedes ours', () => {
  const back = application({ state: { ...foreign, syncResult: { revision: OLD } } })
  const outcome = watch({ application: back, facts: { ...facts, isSyncAccepted: true } })
  assert.equal(outcome.code, 'superseded')
})

test('a busy branch: a newer revision that leaves our values alone is as good', () => {
  for (const standing of ['satisfies', 'carries'] as const) {
    const newer = { ...facts, standings: { newer: standing } }
    const moved = application({
      state: { ...foreign, syncResult: { revision: 'newer' } },
      sync: { status: 'Synced', revision: 'newer' },
    })
    assert.equal(watch({ application: moved, facts: newer }).code, 'succeeded', standing)
  }
  // Ours is deployed, and somebody's later commit is not yet: the deployment is done all the same.
  const behind = application({ sync: { status: 'OutOfSync', revision: 'newer' } })
  const outcome = watch({
    application: behind,
    facts: { ...facts, standings: { newer: 'carries' } },
  })
  assert.equal(outcome.code, 'succeeded')
})

test('a sync that did not contain our commit is an error of the configuration, not a reason to sync again', () => {
  const outcome = watch({ application: application({ state: { syncResult: { revision: OLD } } }) })
  assert.equal(outcome.code, 'unknown')
  assert.match(outcome.message, /another branch or repository/)
})

test('without Git the images decide', () => {
  const unplaced = application({
    state: { syncResult: { revision: 'strange' } },
    sync: { status: 'Synced', revision: 'strange' },
    status: { summary: { images: ['carts:2', 'envoy:1'] } },
  })
  const outcome = watch({ application: unplaced, wish: { ...wish, images: ['carts:2'] } })
  assert.equal(outcome.code, 'succeeded')
  assert.equal(
    watch({ application: unplaced, wish: { ...wish, images: ['carts:3'] } }).code,
    'waiting',
  )
  assert.equal(watch({ application: unplaced }).code, 'waiting')
})

test('self-heal, partial sync and dry run are no deployments and adopt nothing', () => {
  for (const sync of [
    { autoHealAttemptsCount: 1 },
    { resources: [{ kind: 'Service', name: 'carts' }] },
    { dryRun: true },
  ]) {
    const other = application({ state: { operation: { sync } } })
    const outcome = watch({ application: other }, 0)
    assert.equal(outcome.code === 'waiting' && outcome.need, 'sync')
    // After our own sync the state of the application itself tells.
    const after = { ...facts, isSyncAccepted: true, isRefreshed: true }
    assert.equal(watch({ application: other, facts: after }).code, 'succeeded')
  }
})

test('an operation of somebody else in progress is waited for, ours is terminated at the deadline', () => {
  const other = application({ state: { phase: 'Running' }, operation: foreign.operation })
  const waits = watch({ application: other })
  assert.match(waits.message, /another operation on argocd\/carts is in progress, by auto-sync/)
  assert.deepEqual(judgeDeployment(look({ application: other, nowMs: 1_000_000 })).outcome, {
    code: 'timed-out',
    message: `timed out: ${waits.message}`,
    terminate: false,
  })
  const ours = application({
    state: { phase: 'Running', message: 'waiting for healthy state of apps/Deployment/carts' },
    operation: { info: OUR_INFO },
  })
  assert.deepEqual(judgeDeployment(look({ application: ours, nowMs: 1_000_000 })).outcome, {
    code: 'timed-out',
    message:
      'timed out: Argo CD syncs argocd/carts: waiting for healthy state of apps/Deployment/carts',
    terminate: true,
  })
})

test('the operation of another task of the same run is not ours', () => {
  const info = [OUR_INFO[0] ?? { name: '', value: '' }, { name: 'triggeredid', value: 'task-0' }]
  const other = application({ state: { operation: { info }, syncResult: { revision: OLD } } })
  const outcome = watch({ application: other }, 0)
  assert.equal(outcome.code === 'waiting' && outcome.need, 'sync')
})

test('a sync window blocks, and no deadline passes meanwhile', () => {
  const running = application({
    state: { phase: 'Running', message: 'Sync operation blocked by sync window' },
    operation: { info: OUR_INFO },
  })
  assert.equal(
    judgeDeployment(look({ application: running, nowMs: 2_000_000 })).outcome.code,
    'blocked',
  )
  const closed = { ...facts, isWindowClosed: true }
  const idle = look({ application: application({ state: null }), facts: closed, nowMs: 2_000_000 })
  assert.equal(judgeDeployment(idle).outcome.code, 'blocked')
})

test('no answer waits until the deadline, then it is unreachable', () => {
  const absence = 'Argo CD default does not answer'
  const silent = { application: undefined, facts: { ...facts, absence } }
  assert.equal(judgeDeployment(look(silent)).outcome.code, 'waiting')
  const { outcome } = judgeDeployment(look({ ...silent, nowMs: 1_000_000 }))
  assert.deepEqual(outcome, { code: 'unreachable', message: `timed out: ${absence}` })
})

test('an application that is being deleted ends at once', () => {
  const deleted = application()
  deleted.metadata.deletionTimestamp = AT_5
  assert.equal(judgeDeployment(look({ application: deleted })).outcome.code, 'unknown')
})

test('the revisions to ask Git about are those that are not the wished one', () => {
  const moved = application({
    state: { syncResult: { revisions: [WISHED, 'b'] } },
    sync: { status: 'Synced', revisions: ['c', 'd'] },
  })
  const several = { ...wish, revisions: [WISHED, ''] }
  assert.deepEqual(revisionsToAsk(moved, several), [{ sourceIndex: 0, revision: 'c' }])
})

test('how a revision stands to the wish follows from history and values', () => {
  const at = { changesApplication: false, holdsValues: true }
  assert.equal(standingOf({ ...at, relation: 'equal' }), 'satisfies')
  assert.equal(standingOf({ ...at, relation: 'contains' }), 'satisfies')
  assert.equal(standingOf({ ...at, relation: 'contains', changesApplication: true }), 'carries')
  assert.equal(standingOf({ ...at, relation: 'contains', holdsValues: false }), 'differs')
  assert.equal(standingOf({ ...at, relation: 'precedes' }), 'before')
  assert.equal(standingOf({ ...at, relation: 'diverged' }), 'carries')
  assert.equal(standingOf({ ...at, relation: 'diverged', holdsValues: false }), 'before')
  assert.equal(standingOf({ ...at, relation: 'unknown' }), 'unknown')
})
