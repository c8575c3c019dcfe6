// The step of action.yml: turns its inputs into the flags of `tiphys evaluate`, and the report into what GitHub shows. Plain
// JavaScript on purpose: the runner's own Node reads it.
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const NO_VERDICT = 3
/** GitHub takes no more for a step. */
const MAX_SUMMARY_BYTES = 1024 * 1024
const tiphys = join(dirname(fileURLToPath(import.meta.url)), '../../scripts/tiphys.mjs')

const ONE = [
  'slo',
  'values',
  'provider',
  'url',
  'connections',
  'start',
  'end',
  'timeframe',
  'previous',
  'history',
  'project',
  'stage',
  'service',
  'user',
  'fail-on',
]
const MANY = ['sli', 'test-results']

const inputs = JSON.parse(process.env.TIPHYS_GATE_INPUTS ?? '{}')
const folder = resolve(inputs['report-folder'] || 'tiphys-gate')
const reports = ['json', 'md', 'html', 'xml'].map((end) => join(folder, `report.${end}`))
mkdirSync(folder, { recursive: true })
// A report of an earlier step would pass for this one's.
for (const file of reports) rmSync(file, { force: true })

const flags = [
  ...ONE.flatMap((name) => flag(name, inputs[name])),
  ...MANY.flatMap((name) => lines(inputs[name]).flatMap((value) => flag(name, value))),
  // One at a time: what follows a comma in somebody's title is no label of its own.
  ...lines(inputs.labels).flatMap((value) => flag('label', value)),
  ...(inputs.record === 'false' ? ['--no-record'] : []),
  ...reports.map((file) => `--report=${file}`),
]
const run = spawnSync(process.execPath, [tiphys, 'evaluate', ...flags], { stdio: 'inherit' })
const exitCode = run.status ?? NO_VERDICT

const [json, markdown] = reports
const explanation = existsSync(json)
  ? JSON.parse(readFileSync(json, 'utf8')).explanation
  : undefined
output('exit-code', String(exitCode))
output('result', explanation?.verdict ?? 'none')
output('score', String(explanation?.score?.value ?? ''))
output('sentence', explanation?.sentence ?? '')
output('report-folder', folder)
const summary = process.env.GITHUB_STEP_SUMMARY
if (summary && existsSync(markdown)) {
  const text = readFileSync(markdown, 'utf8')
  if (Buffer.byteLength(text) < MAX_SUMMARY_BYTES) appendFileSync(summary, `${text}\n`)
}
process.exitCode = exitCode

function flag(name, value) {
  return value ? [`--${name}=${value}`] : []
}

function lines(text) {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** A value may hold anything: it ends where a line says what nobody can have written into it. */
function output(name, value) {
  const file = process.env.GITHUB_OUTPUT
  const end = `end-${randomUUID()}`
  if (file) appendFileSync(file, `${name}<<${end}\n${value}\n${end}\n`)
}
