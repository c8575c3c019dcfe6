import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Git, GitResult } from '../../src/adapters/git/git-command.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import type { TaskAnswer, TaskExecutor, TaskJob } from '../../src/executors/executor.ts'
import { observedArgoCd, observedGit } from '../../src/observation/observed-calls.ts'
import { observedStore } from '../../src/observation/observed-store.ts'
import { observedEffects, observedExecutor } from '../../src/observation/observed-work.ts'
import { createPrometheusMeter } from '../../src/observation/prometheus-meter.ts'
import { createScrape } from '../../src/observation/scrape.ts'
import type { ArgoCd, ArgoCdAnswer, WatchNews } from '../../src/ports/argocd.ts'
import type { GaugeName, MetricName } from '../../src/ports/metric-catalogue.ts'
import { type StoredEvent, StoreError } from '../../src/ports/store.ts'
import { sample } from './observed-server.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

function observing() {
  const meter = createPrometheusMeter({ maxProjects: 9, maxStages: 9 })
  const read = async (name: MetricName | GaugeName, labels = {}) =>
    sample(await meter.page(), name, labels)
  return { meter, read }
}

describe('the wrappers', () => {
  it('show what the store does with a unit, and hand on what it throws', async () => {
    const { meter, read } = observing()
    const memory = createMemoryStore()
    const seen: StoredEvent[] = []
    let isFull = false
    const problems: unknown[] = []
    const store = observedStore({
      store: {
        ...memory,
        commit: (unit) =>
          isFull
            ? Promise.reject(new StoreError('the disk is full', { retryable: true }))
            : memory.commit(unit),
      },
      meter,
      onCommitted(rows) {
        seen.push(...rows)
        throw new Error('cannot count')
      },
      onProblem: (error) => problems.push(error),
    })
    const unit = { writes: [{ stream: 'a', expectedVersion: 1, events: [] }], nowMs: 0 }
    assert.equal((await store.commit(unit)).code, 'conflict')
    assert.equal((await store.commit({ writes: [], nowMs: 0 })).code, 'committed')
    isFull = true
    await assert.rejects(store.commit(unit), StoreError)
    for (const outcome of ['conflict', 'committed', 'failed']) {
      assert.equal(await read('tiphys_commits_total', { outcome }), 1, outcome)
    }
    assert.equal(seen.length, 0)
    assert.equal(problems.length, 1, 'a failure to count is no failure to write')
  })

  it('measure what Git says to other hosts, and nothing that stays here', async () => {
    const { meter, read } = observing()
    let result: GitResult = { code: 'exited', exitCode: 0, stdout: Buffer.of(), stderr: '' }
    const plain: Pick<Git, 'run'> = { run: () => Promise.resolve(result) }
    const git = observedGit(plain as Git, meter)
    await git.run(['push', 'origin'])
    await git.run(['merge-base', '--is-ancestor', 'push', 'fetch'])
    result = { ...result, exitCode: 128 }
    await git.run(['fetch', 'origin'])
    result = { code: 'timed-out', timeoutMs: 1 }
    await git.run(['fetch', 'origin'])
    assert.equal(await read('tiphys_git_calls_total', { operation: 'push', outcome: 'ok' }), 1)
    assert.equal(await read('tiphys_git_calls_total', { outcome: 'failed' }), 1)
    assert.equal(await read('tiphys_git_calls_total', { outcome: 'timed-out' }), 1)
    assert.equal(await read('tiphys_git_calls_total'), 3)
  })

  it('tell whether Argo CD answers, when it was last looked at, and whether its stream is there', async () => {
    const { meter, read } = observing()
    const instance = 'default'
    let list: ArgoCdAnswer<never[]> = { code: 'unreachable', message: 'no', retryable: true }
    const news: WatchNews[] = [
      { code: 'connected' },
      { code: 'changed', name: 'a', namespace: 'n' },
    ]
    const plain: Partial<ArgoCd> = {
      instance,
      list: () => Promise.resolve(list),
      async *watch() {
        yield* await Promise.resolve(news)
      },
    }
    const argocd = observedArgoCd(plain as ArgoCd, meter)
    const last = 'tiphys_argocd_last_list_timestamp_seconds'
    assert.equal(argocd.instance, instance)
    assert.equal((await argocd.list()).code, 'unreachable')
    assert.equal(await read(last, { instance }), 0)
    list = { code: 'ok', value: [] }
    await argocd.list()
    assert.ok(((await read(last, { instance })) ?? 0) > 1.7e9)
    const calls = { instance, call: 'list' }
    assert.equal(await read('tiphys_argocd_calls_total', { ...calls, outcome: 'unreachable' }), 1)
    assert.equal(await read('tiphys_argocd_calls_total', { ...calls, outcome: 'ok' }), 1)
    assert.equal(await read('tiphys_argocd_watch_connected'), 0)
    const heard: string[] = []
    for await (const one of argocd.watch(new AbortController().signal)) heard.push(one.code)
    assert.deepEqual(heard, ['connected', 'changed'])
    assert.equal(await read('tiphys_argocd_watch_connected'), 1)
  })

  it('count executors that are at work, and how they end', async () => {
    const { meter, read } = observing()
    const stop = new AbortController()
    let execute: () => Promise<TaskAnswer> = () => Promise.reject(new Error('a bug'))
    const plain: TaskExecutor = {
      task: 'test',
      source: 'tiphys',
      takes: () => 'configured',
      execute: () => execute(),
    }
    const executor = observedExecutor(plain, meter, SILENT)
    // Only what the wrapper reads.
    const job = { runId: 'r', task: { attempt: 1 }, signal: stop.signal } as unknown as TaskJob
    await assert.rejects(executor.execute(job), /a bug/)
    const busy: (number | undefined)[] = []
    execute = async () => {
      busy.push(await read('tiphys_executors_busy', { task: 'test' }))
      return { code: 'finished', status: 'succeeded', result: 'warning', message: '' }
    }
    await executor.execute(job)
    stop.abort()
    await executor.execute(job)
    assert.deepEqual(busy, [1, 1])
    assert.equal(await read('tiphys_executors_busy', { task: 'test' }), 0)
    const page = await meter.page()
    for (const outcome of ['crashed', 'warning', 'cancelled']) {
      const name = 'tiphys_executor_duration_seconds_count'
      assert.equal(sample(page, name, { task: 'test', outcome }), 1, outcome)
    }
  })

  it('count the tries of effects', async () => {
    const { meter, read } = observing()
    const { write } = observedEffects(
      {
        write: (effect) =>
          effect.attempts === 0
            ? Promise.reject(new Error('not yet'))
            : Promise.resolve({ code: 'done' }),
      },
      meter,
    )
    const effect = { key: 'k', kind: 'write', body: {}, dueMs: 0, attempts: 0 }
    const { signal } = new AbortController()
    await assert.rejects(async () => await write?.(effect, signal), /not yet/)
    await write?.({ ...effect, attempts: 1 }, signal)
    assert.equal(await read('tiphys_effects_total', { kind: 'write', outcome: 'failed' }), 1)
    assert.equal(await read('tiphys_effects_total', { kind: 'write', outcome: 'done' }), 1)
  })

  it('show the rest of the page when some of it cannot be read', async () => {
    const { meter } = observing()
    const collectors = [
      { name: 'broken', collect: () => Promise.reject(new Error('no such file')) },
      { name: 'whole', collect: () => meter.set('tiphys_log_position', 7, {}) },
    ]
    const scrape = createScrape({ meter, log: SILENT, collectors: () => collectors })
    const [page, same] = await Promise.all([scrape(), scrape()])
    assert.equal(page, same, 'two scrapes at once share the work')
    assert.equal(sample(page, 'tiphys_log_position'), 7)
    assert.equal(sample(page, 'tiphys_scrape_problems_total', { collector: 'broken' }), 1)
  })
})
