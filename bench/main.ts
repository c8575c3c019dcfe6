import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { measureLoadGenerator, printLoadBench } from './load.ts'
import { benchBackup } from './part-backup.ts'
import { benchEngine } from './part-engine.ts'
import { benchGate } from './part-gate.ts'
import { benchHttp } from './part-http.ts'
import { benchLatency } from './part-latency.ts'
import { benchQueries } from './part-queries.ts'
import { benchScale } from './part-scale.ts'
import { benchStart } from './part-start.ts'
import { diskNote } from './raw-share.ts'

// `npm run bench [-- part …]`. Each part is a process of its own, so that none inherits the heap and the compiled code of another.

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  engine: benchEngine,
  http: benchHttp,
  latency: benchLatency,
  start: benchStart,
  gate: benchGate,
  load: async () => printLoadBench(await measureLoadGenerator()),
  scale: benchScale,
  queries: benchQueries,
  backup: benchBackup,
}
/** Only when they are named: they make gigabytes and take minutes. */
const BY_HAND = ['scale', 'queries', 'backup']
/** Internal: run the part in this process. */
const HERE = '--here'

const [first, second] = process.argv.slice(2)
if (first === HERE && second !== undefined) await PARTS[second]?.()
else process.exitCode = runAll(process.argv.slice(2))

function runAll(wanted: readonly string[]): number {
  const unknown = wanted.find((part) => PARTS[part] === undefined)
  if (unknown !== undefined) {
    console.error(`bench: there is no part ${unknown}; parts: ${Object.keys(PARTS).join(', ')}`)
    return 2
  }
  const startMs = performance.now()
  console.log(
    `Node ${process.versions.node} on ${availableParallelism()} cores. Ratios compare within this run.`,
  )
  const note = diskNote()
  if (note !== undefined) console.log(`Note: ${note}`)
  let failures = 0
  const ordinary = Object.keys(PARTS).filter((part) => !BY_HAND.includes(part))
  for (const part of wanted.length === 0 ? ordinary : wanted) {
    console.log()
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), HERE, part], {
      stdio: 'inherit',
    })
    if (child.status !== 0) {
      failures += 1
      console.log(`  ${part} did not come to its end (${child.status ?? child.signal})`)
    }
  }
  console.log(`\n${Math.round((performance.now() - startMs) / 1_000)} s in all`)
  return failures === 0 ? 0 : 1
}
