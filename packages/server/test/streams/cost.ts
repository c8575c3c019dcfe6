// By hand: what open streams cost. `node packages/server/test/streams/cost.ts` prints, for some numbers of streams, the rate of commits
// while they are open, and the memory of each.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import { createSystemClock } from '../../src/adapters/system/system-clock.ts'
import { openSse } from './sse-reader.ts'
import { startStreamHouse } from './stream-house.ts'

const EVENTS = 10_000
const AT_ONCE = 64
const SETTLE_MS = 1_500
const LIMITS = { perToken: 1_000, total: 1_000, stalledMs: 30_000 }
const CASES = [
  { streams: 0, project: 'other' },
  { streams: 100, project: 'other' },
  { streams: 500, project: 'other' },
  { streams: 10, project: 'shop' },
  { streams: 100, project: 'shop' },
  { streams: 0, project: 'other' },
]

const [url, count] = process.argv.slice(2)
if (url === undefined) await measure()
else await readFor(url, Number(count))

async function measure(): Promise<void> {
  for (const { streams, project } of CASES) {
    const folder = mkdtempSync(join(tmpdir(), 'tiphys-cost-'))
    const { store, close } = openSqlite({ file: join(folder, 'log.db') })
    const clock = createSystemClock()
    const house = await startStreamHouse({ store, clock, streamLimits: LIMITS })
    await house.append({})
    const before = process.memoryUsage().rss
    const path = `${house.api.url}/api/tiphys/v1/projects/${project}/events/stream`
    const readers = streams === 0 ? undefined : await startReaders(path, streams)
    const perStreamKb = streams === 0 ? 0 : (process.memoryUsage().rss - before) / 1024 / streams
    const startedMs = performance.now()
    const startedCpu = process.cpuUsage()
    let left = EVENTS
    const write = async () => {
      while (left-- > 0) await house.append({})
    }
    await Promise.all(Array.from({ length: AT_ONCE }, write))
    const seconds = (performance.now() - startedMs) / 1_000
    const cpu = process.cpuUsage(startedCpu)
    const cpuMicros = (cpu.user + cpu.system) / EVENTS
    const line = [
      `${streams} streams of ${project === 'shop' ? 'the project that is written to' : 'another project'}:`,
      `${Math.round(EVENTS / seconds)} events/s, ${cpuMicros.toFixed(0)} µs of processor each,`,
      `${perStreamKb.toFixed(0)} KB for each stream`,
    ]
    process.stdout.write(`${line.join(' ')}\n`)
    readers?.kill()
    if (readers !== undefined) await once(readers, 'exit')
    await house.close()
    await close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** In a process of its own, so that reading costs the server nothing. */
async function startReaders(path: string, streams: number): Promise<ChildProcess> {
  const args = [fileURLToPath(import.meta.url), path, String(streams)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await delay(SETTLE_MS)
  return child
}

async function readFor(path: string, streams: number): Promise<void> {
  await Promise.all(Array.from({ length: streams }, () => openSse(path)))
  process.stdout.write('open\n')
}
