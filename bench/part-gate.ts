import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { line, median, ms, times } from './figures.ts'
import { benchVerdicts } from './verdicts.ts'

const CLI = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url))
const RUNS = 5
const PASS = 0

const SLO = `spec_version: "1.0"
comparison:
  compare_with: single_result
objectives:
  - sli: response_time_p95
    pass:
      - criteria: ["<=200"]
  - sli: error_rate
    pass:
      - criteria: ["<=1"]
total_score:
  pass: "90%"
  warning: "75%"
`
const VALUES = {
  indicatorValues: [
    { metric: 'response_time_p95', value: 112.5, success: true, message: '' },
    { metric: 'error_rate', value: 0.2, success: true, message: '' },
  ],
}

/** Prints what the process had used when it ended, behind everything else on its error output. */
const TELL_USAGE =
  `data:text/javascript,process.on('exit',()=>{const{user,system}=process.cpuUsage();require('fs').writeSync(2,'cpu '+(user+system)/1000)})`.replace(
    'require(',
    'process.getBuiltinModule(',
  )

/** The gate in a pipeline: what one verdict without a server costs. */
export function benchGate(): Promise<void> {
  console.log('gate: tiphys evaluate --slo … --values …, one process for one verdict')
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  try {
    writeFileSync(join(folder, 'slo.yaml'), SLO)
    writeFileSync(join(folder, 'values.json'), JSON.stringify(VALUES))
    const gate = [CLI, 'evaluate', '--slo', 'slo.yaml', '--values', 'values.json']
    // The first run fills the cache of compiled code.
    run(folder, gate)
    const gates = Array.from({ length: RUNS }, () => run(folder, gate))
    const bare = Array.from({ length: RUNS }, () => run(folder, ['-e', '0']))
    const [took, bareTook] = [
      median(gates.map(({ tookMs }) => tookMs)),
      median(bare.map(({ tookMs }) => tookMs)),
    ]
    line(
      'a verdict',
      `${times(took / bareTook)} bare node`,
      ms(took),
      `processor time ${ms(median(gates.map(({ cpuMs }) => cpuMs)))}`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  benchVerdicts()
  return Promise.resolve()
}

function run(folder: string, args: readonly string[]): { tookMs: number; cpuMs: number } {
  const startMs = performance.now()
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    ['--import', TELL_USAGE, ...args],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CACHE_HOME: folder },
      encoding: 'utf8',
    },
  )
  const tookMs = performance.now() - startMs
  if (status !== PASS) throw new Error(`the gate ended with ${status}:\n${stdout}${stderr}`)
  return { tookMs, cpuMs: Number(/cpu ([\d.]+)$/.exec(stderr)?.[1]) }
}
