import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { createPrometheusMeter } from '../../src/observation/prometheus-meter.ts'
import type { SendOutcome } from '../../src/observation/traces/otlp-sender.ts'
import { type Span, spanIdOf } from '../../src/observation/traces/span.ts'
import { MAX_AGE_MS, startTraceFeed } from '../../src/observation/traces/trace-feed.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { settingsFor } from '../end-to-end/harness.ts'
import { until } from '../end-to-end/until.ts'
import { type LoggedLine, sample } from './observed-server.ts'
import { runsOf, START_MS } from './run-rows.ts'

/** A feed on a log in memory, with a clock that jumps to the end of every pause. */
function openWorld() {
  const store = createMemoryStore()
  const documents = createMemoryDocuments()
  const meter = createPrometheusMeter({ maxProjects: 9, maxStages: 9 })
  const lines: LoggedLine[] = []
  const at = (level: string) => (data: object, message: string) => {
    lines.push({ level, message, data: { ...data } })
  }
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const sent: Span[][] = []
  let nowMs = START_MS
  let answer: SendOutcome = { code: 'sent' }
  const clock: Clock = {
    nowMs: () => nowMs,
    async sleep(durationMs, signal) {
      await nextTurn()
      signal?.throwIfAborted()
      nowMs += durationMs
    },
    at: () => () => undefined,
  }
  return {
    store,
    documents,
    sent,
    lines,
    nowMs: () => nowMs,
    answerWith(outcome: SendOutcome) {
      answer = outcome
    },
    count: async (outcome: string) =>
      sample(await meter.page(), 'tiphys_trace_runs_total', { outcome }) ?? 0,
    failures: async () => sample(await meter.page(), 'tiphys_trace_export_failures_total') ?? 0,
    /** A run that begins and ends now. */
    async endRun(id: string) {
      const [rows = []] = runsOf([{ tasks: ['test'], moves: [] }], { id })
      const events = rows.map(({ event, meta, projectId = '' }) => ({
        event,
        projectId,
        ...(meta === undefined ? {} : { meta }),
      }))
      const written = await store.commit({
        writes: [{ stream: `run/p1/${id}`, expectedVersion: 0, events }],
        nowMs,
      })
      assert.equal(written.code, 'committed')
    },
    start: () =>
      startTraceFeed({
        ...{ store, documents, clock, log, meter },
        sender: async () => ({
          send: async (spans) => {
            if (answer.code === 'sent') sent.push([...spans])
            return await Promise.resolve(answer)
          },
        }),
        catchUp: () => Promise.resolve(),
        rootOf: () => Promise.resolve(undefined),
        mask: (text) => text,
      }),
  }
}

const idOf = (number: number) => `0190a1b2-0000-7000-8000-${String(number).padStart(12, '0')}`
const spansOf = (sent: readonly Span[][]) => sent.flat().map((span) => span.spanId)

describe('the feed of traces', () => {
  it('drops what is older than its limit when the collector was away for so long', async () => {
    const world = openWorld()
    const feed = world.start()
    await until('its position to be stored', () =>
      world.documents.get('observation', 'trace-position'),
    )
    world.answerWith({ code: 'unreachable', reason: 'connect ECONNREFUSED' })
    await world.endRun(idOf(1))
    await until('the drop', async () => ((await world.count('dropped')) === 1 ? true : undefined))
    assert.ok(world.nowMs() - START_MS > MAX_AGE_MS)
    // 1 s, 2 s … 60 s, and then every minute: the collector is not run over.
    const failures = await world.failures()
    assert.ok(failures > 60 && failures < 75, `${failures} tries in an hour`)
    assert.equal(world.lines.filter(({ level }) => level === 'warn').length, 1, 'said once')
    world.answerWith({ code: 'sent' })
    await world.endRun(idOf(2))
    await until('the next run', async () =>
      (await world.count('exported')) === 1 ? true : undefined,
    )
    assert.deepEqual(spansOf(world.sent), [spanIdOf(idOf(2))])
    await feed.close()
  })

  it('goes on where it stood, and begins at the end of the log the first time', async () => {
    const world = openWorld()
    await world.endRun(idOf(1))
    const first = world.start()
    await until('its position to be stored', () =>
      world.documents.get('observation', 'trace-position'),
    )
    await world.endRun(idOf(2))
    await until('the run', () => (world.sent.length === 1 ? true : undefined))
    await first.close()
    await world.endRun(idOf(3))
    const second = world.start()
    await until('the run that ended meanwhile', () => (world.sent.length === 2 ? true : undefined))
    await second.close()
    assert.deepEqual(spansOf(world.sent), [spanIdOf(idOf(2)), spanIdOf(idOf(3))])
  })

  it('begins at the end of another log, which a restored backup is', async () => {
    const world = openWorld()
    await world.documents.put('observation', 'trace-position', { position: 4_711 })
    await world.endRun(idOf(1))
    const feed = world.start()
    await until('its position to be put right', async () => {
      const stored = await world.documents.get('observation', 'trace-position')
      return stored?.['position'] === 2 ? true : undefined
    })
    await feed.close()
    assert.deepEqual(world.sent, [])
  })
})

/** Tells the main script which packages of OpenTelemetry were asked for. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  globalThis.asked = []
  registerHooks({ resolve(specifier, context, next) {
    if (specifier.startsWith('@opentelemetry/')) globalThis.asked.push(specifier)
    return next(specifier, context)
  } })`)}`

for (const withTraces of [false, true]) {
  it(`loads the exporter only with a collector (${withTraces})`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'tiphys-no-traces-'))
    const traces = { url: 'http://127.0.0.1:9/v1/traces', headers: {}, resource: {} }
    const settings = settingsFor(folder, 0, undefined, withTraces ? { traces } : {})
    const main = new URL('../../src/main.ts', import.meta.url)
    const script = `
      const { createServer } = await import(${JSON.stringify(main)})
      const server = await createServer(${JSON.stringify(settings)})
      await fetch(server.url + '/healthz')
      await server.close()
      process.stdout.write(String(globalThis.asked.includes('@opentelemetry/exporter-trace-otlp-http')))`
    const args = ['--import', HOOK, '--input-type=module', '--eval', script]
    const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
    rmSync(folder, { recursive: true, force: true })
    assert.equal(run.stdout, String(withTraces), run.stderr)
  })
}
