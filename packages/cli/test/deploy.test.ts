import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const ACTION = join(ROOT, 'deploy/github-action')
const SLO = 'objectives:\n  - { sli: rt, pass: [{ criteria: ["<600"] }] }\n'

function workspace(context: TestContext, rt: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-deploy-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'slo.yaml'), SLO)
  writeFileSync(
    join(folder, 'values.json'),
    JSON.stringify({ indicatorValues: [{ metric: 'rt', value: rt }] }),
  )
  return folder
}

type Action = {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  readonly outputs: Readonly<Record<string, { readonly value: string }>>
  readonly runs: { readonly steps: readonly { readonly run: string; readonly env: object }[] }
}

/** The step as a runner runs it: its own words in bash, the inputs with their defaults as data. */
function runAction(folder: string, given: Readonly<Record<string, string>>) {
  const action = parse(readFileSync(join(ACTION, 'action.yml'), 'utf8')) as Action
  const [step] = action.runs.steps
  assert.ok(step)
  assert.deepEqual(step.env, { TIPHYS_GATE_INPUTS: `\${{ toJSON(inputs) }}` })
  for (const name of Object.keys(given)) assert.ok(name in action.inputs, `an input ${name}`)
  const defaults = Object.entries(action.inputs).map(([name, one]) => [name, one.default ?? ''])
  const inputs = { ...Object.fromEntries(defaults), ...given }
  const [output, summary] = [join(folder, 'output'), join(folder, 'summary')]
  const run = spawnSync('bash', ['-e', '-c', step.run], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: `${join(process.execPath, '..')}:${process.env['PATH']}`,
      HOME: folder,
      GITHUB_ACTION_PATH: ACTION,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      TIPHYS_GATE_INPUTS: JSON.stringify(inputs),
    },
  })
  const outputs = outputsOf(readFileSync(output, 'utf8'))
  for (const [name, { value }] of Object.entries(action.outputs)) {
    assert.ok(name in outputs, `an output ${name}`)
    assert.equal(value, `\${{ steps.gate.outputs.${name} }}`)
  }
  return { ...run, outputs, summary }
}

/** `name<<end`, lines, `end`: as the runner reads it. */
function outputsOf(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  const lines = text.split('\n')
  while (lines.length > 1) {
    const [name = '', end] = (lines.shift() ?? '').split('<<')
    const value = lines.splice(0, lines.indexOf(end ?? ''))
    lines.shift()
    found[name] = value.join('\n')
  }
  return found
}

test('the GitHub action: the verdict is the step, the report its summary', (context) => {
  const folder = workspace(context, 700)
  const hostile = 'note=$(touch owned); "; touch owned, version=3\nversion=2\ntitle=a, b'
  const run = runAction(folder, {
    values: 'values.json',
    service: 'carts',
    labels: hostile,
    history: 'h.json',
  })
  assert.equal(run.status, 1, run.stderr)
  assert.equal(run.outputs['exit-code'], '1')
  assert.equal(run.outputs['result'], 'fail')
  assert.equal(run.outputs['score'], '0')
  assert.match(run.outputs['sentence'] ?? '', /^carts 2 failed because rt was 700/)
  assert.match(readFileSync(run.summary, 'utf8'), /rt/)
  const [{ labels }] = JSON.parse(readFileSync(join(folder, 'h.json'), 'utf8'))
  assert.deepEqual([labels.version, labels.title], ['2', 'a, b'])
  const report = (name: string) => readFileSync(join(folder, 'tiphys-gate', name), 'utf8')
  assert.match(report('report.html'), /^<!doctype html>/)
  assert.match(report('report.xml'), /<failure message="700 ≥ 600|<failure message="/)
  assert.throws(() => readFileSync(join(folder, 'owned')), /ENOENT/)
})

test('the GitHub action: a gate without a verdict is none, and no old report passes for one', (context) => {
  const folder = workspace(context, 100)
  assert.equal(runAction(folder, { values: 'values.json', history: 'h/' }).status, 0)
  rmSync(join(folder, 'output'))
  const broken = runAction(folder, { values: 'gone.json' })
  assert.equal(broken.status, 2)
  assert.deepEqual([broken.outputs['result'], broken.outputs['exit-code']], ['none', '2'])
  assert.match(broken.stderr, /gone\.json cannot be read: there is no such file/)
})

test('the GitLab template: its script is a gate with a JUnit report', (context) => {
  const folder = workspace(context, 100)
  mkdirSync(join(folder, 'service'))
  const file = readFileSync(join(ROOT, 'deploy/gitlab/tiphys-gate.yml'), 'utf8')
  const job = (parse(file) as Record<string, Record<string, unknown>>)['.tiphys-gate']
  assert.ok(job)
  const script = (job['script'] as readonly string[]).join('\n')
  const run = spawnSync('bash', ['-e', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: `${join(process.execPath, '..')}:${process.env['PATH']}`,
      HOME: folder,
      TIPHYS_HOME: ROOT,
      TIPHYS_GATE: '--slo slo.yaml --values values.json --labels note=*',
    },
  })
  assert.equal(run.status, 0, run.stderr)
  const artifacts = job['artifacts'] as { reports: { junit: string } }
  const junit = readFileSync(join(folder, artifacts.reports.junit), 'utf8')
  assert.match(junit, /tests="2" failures="0" errors="0" skipped="0"/)
})
