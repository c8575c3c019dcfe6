import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { LoadPlan } from '@tiphys/contract/test-plan.ts'
import { figuresOf, type LoadFigures } from '@tiphys/core/load/tally.ts'
import { type HttpTarget, openTarget } from '@tiphys/server/executors/test/http-target.ts'
import { startLoad } from '@tiphys/server/executors/test/load-run.ts'

/**
 * The load generator's own ceiling, against a trivial server in a process of its own, as a share of what node's HTTP client does
 * at best in the same minute; and what an ordinary load test costs the server it runs in.
 */
export type LoadBench = {
  readonly inFlight: number
  /** `http.get` in a loop over kept connections, nothing else. */
  readonly rawPerS: number
  /** The closed model without think time. */
  readonly generatorPerS: number
  readonly ratio: number
  readonly open: readonly OpenModelCost[]
}

export type OpenModelCost = {
  readonly ratePerS: number
  readonly sentPerS: number
  /** How late requests left, in ms: the part of their latency that is the generator's fault. */
  readonly sendDelayP99Ms: number
  /** Of one core. */
  readonly cpuPercent: number
  /** How long anything else in this process waited for its turn, in ms. */
  readonly eventLoopDelayP99Ms: number
}

const MEASURE_MS = 2_000
const WARMUP_MS = 500
const DEFAULT_IN_FLIGHT = 16
const OPEN_RATES_PER_S = [50, 500, 2_000]

const TRIVIAL_SERVER = `
  const server = require('node:http').createServer((_request, response) => response.end('ok'))
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
  process.stdin.resume().on('end', () => process.exit(0))
`

export async function measureLoadGenerator(inFlight = DEFAULT_IN_FLIGHT): Promise<LoadBench> {
  const server = spawn(process.execPath, ['-e', TRIVIAL_SERVER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer]
    const base = new URL(`http://127.0.0.1:${Number(port)}`)
    const rawPerS = await measureRaw(base, inFlight)
    const closed = await measureModel(base, { model: 'closed', users: inFlight, thinkTimeMs: 0 })
    const generatorPerS = closed['rps'] ?? 0
    const open: OpenModelCost[] = []
    for (const ratePerS of OPEN_RATES_PER_S) open.push(await measureOpen(base, ratePerS))
    return { inFlight, rawPerS, generatorPerS, ratio: generatorPerS / rawPerS, open }
  } finally {
    // Its end of input is its sign to stop.
    server.stdin.end()
    await once(server, 'exit')
  }
}

async function measureRaw(base: URL, inFlight: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const startMs = performance.now()
  const [fromMs, untilMs] = [startMs + WARMUP_MS, startMs + WARMUP_MS + MEASURE_MS]
  let answered = 0
  async function one(): Promise<void> {
    while (performance.now() < untilMs) {
      await new Promise<void>((resolve, reject) => {
        get(base, { agent }, (answer) => answer.on('end', resolve).resume()).on('error', reject)
      })
      const nowMs = performance.now()
      if (nowMs >= fromMs && nowMs < untilMs) answered += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  agent.destroy()
  return answered / (MEASURE_MS / 1_000)
}

type Model =
  | { readonly model: 'closed'; readonly users: number; readonly thinkTimeMs: number }
  | { readonly model: 'open'; readonly ratePerS: number; readonly arrivals: 'constant' }

const MAX_CONCURRENT = 1_000

async function measureModel(base: URL, model: Model): Promise<LoadFigures> {
  const request = { method: 'GET' as const, path: '/', headers: {} }
  const plan: LoadPlan = {
    ...model,
    rampMs: 0,
    warmupMs: WARMUP_MS,
    durationMs: MEASURE_MS,
    timeoutMs: 5_000,
    requests: [{ request, weight: 1, status: ['2xx'] }],
    thresholds: [],
  }
  const target: HttpTarget = await openTarget({
    base,
    guard: () => Promise.resolve({ addresses: [{ address: '127.0.0.1', family: 4 }] }),
    maxSockets: model.model === 'closed' ? model.users : MAX_CONCURRENT,
  })
  const { signal } = new AbortController()
  const limits = { maxConcurrent: MAX_CONCURRENT, maxRatePerS: 1e9 }
  const { tally, measuredMs } = await startLoad({ plan, target, ...limits, seed: 1, signal }).done
  target.close()
  return figuresOf(tally, measuredMs)
}

async function measureOpen(base: URL, ratePerS: number): Promise<OpenModelCost> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const [cpuBefore, startMs] = [process.cpuUsage(), performance.now()]
  const figures = await measureModel(base, { model: 'open', ratePerS, arrivals: 'constant' })
  const { user, system } = process.cpuUsage(cpuBefore)
  const tookMs = performance.now() - startMs
  delay.disable()
  return {
    ratePerS,
    sentPerS: figures['rps'] ?? 0,
    sendDelayP99Ms: figures['send_delay_p99'] ?? 0,
    cpuPercent: ((user + system) / 1_000 / tookMs) * 100,
    // The monitor's own resolution is part of what it says.
    eventLoopDelayP99Ms: delay.percentile(99) / 1e6 - 1,
  }
}

export function printLoadBench(bench: LoadBench): void {
  const { inFlight, rawPerS, generatorPerS, ratio } = bench
  console.log(`load generator, ${inFlight} in flight, against a trivial server on loopback`)
  console.log(`  node's http client alone   ${rawPerS.toFixed(0)} requests/s`)
  console.log(`  closed model               ${generatorPerS.toFixed(0)} requests/s`)
  console.log(`  ratio                      ${ratio.toFixed(2)}`)
  for (const cost of bench.open) {
    console.log(
      `  open model at ${cost.ratePerS}/s: sent ${cost.sentPerS.toFixed(0)}/s, late by p99 ${cost.sendDelayP99Ms.toFixed(1)} ms, ${cost.cpuPercent.toFixed(0)} % of a core, event loop delay p99 ${cost.eventLoopDelayP99Ms.toFixed(1)} ms`,
    )
  }
}

if (import.meta.main) printLoadBench(await measureLoadGenerator())
