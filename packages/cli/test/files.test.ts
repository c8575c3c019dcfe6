import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SHIPYARD } from './fake-project.ts'
import { assertGolden } from './golden.ts'
import { type Cli, createCli } from './run-cli.ts'

const BROKEN: Readonly<Record<string, string>> = {
  'shipyard.yaml': SHIPYARD.replace('triggeredOn', 'triggered-on')
    .replace('name: test', 'name: te.st')
    .replace('apiVersion: spec.keptn.sh/0.2.3', 'apiVersion: spec.keptn.sh/0.1.7'),
  'staging/carts/slo.yaml':
    'spec_version: "1.0"\nobjective: []\nobjectives:\n  - sli: response_time_p95\n    pass: [{criteria: ["under 500"]}]\ntotal_score: {pass: "120%"}\n',
  'tiphys/project.yaml':
    'targets: ["https://shop.example.com/"]\nstages: {stagin: {rollback: always}}\n',
  'tiphys/tests.yaml':
    'apiVersion: tiphys.dev/v1\ntests:\n  - name: smoke\n    checks: [{requst: GET /}]\n',
  'argocd.yaml': 'apiVersion: tiphys.dev/v1\napplications: [{application: "{{stag}}-carts"}]\n',
  'notes.yaml': 'a: 1\n',
}

function write(cli: Cli, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(cli.home, name, '..'), { recursive: true })
    writeFileSync(join(cli.home, name), text)
  }
}

test('lint reads a folder and says everything at file, line and column', async (t) => {
  const cli = createCli(t)
  write(cli, BROKEN)
  const { code, stdout } = await cli.run(['lint'])
  assertGolden('lint.txt', stdout)
  assert.equal(code, 2)
  const named = await cli.run(['lint', 'notes.yaml'])
  assert.equal(named.code, 2)
  assert.match(
    named.stdout,
    /^notes\.yaml:1:1: neither the name nor the content says what kind of file this is/,
  )
})

test('lint gives data, and a warning is an error only where that was asked for', async (t) => {
  const cli = createCli(t)
  write(cli, {
    'shipyard.yaml': SHIPYARD.replace('event: staging.delivery', 'event: staging.delivry'),
  })
  const json = await cli.run(['lint', 'shipyard.yaml', '-o', 'json'])
  assert.equal(json.code, 0)
  assert.deepEqual(JSON.parse(json.stdout), {
    files: ['shipyard.yaml'],
    problems: [
      {
        severity: 'warning',
        file: 'shipyard.yaml',
        line: 15,
        column: 15,
        message:
          'triggeredOn staging.delivry.finished names nothing, so it never fires; did you mean staging.delivery.finished?',
      },
    ],
  })
  assert.equal((await cli.run(['lint', '--fail-on', 'warning'])).code, 2)
})

test('lint of nothing, and of what is not there', async (t) => {
  const cli = createCli(t)
  const nothing = await cli.run(['lint'])
  assert.equal(nothing.code, 2)
  assert.match(nothing.stderr, /^tiphys: no file of Tiphys or Keptn was found/)
  const missing = await cli.run(['lint', 'none.yaml'])
  assert.deepEqual(
    [missing.code, missing.stderr],
    [2, 'tiphys: cannot read none.yaml: there is no such file\n'],
  )
})

const SLO = `spec_version: "1.0"
objectives:
  - sli: response_time_p95
    pass: [{criteria: ["<=500"]}]
    warning: [{criteria: ["<=800"]}]
total_score: {pass: "90%", warning: "50%"}
`
const values = (value: number | null) =>
  JSON.stringify({
    indicatorValues: [{ metric: 'response_time_p95', value, success: value !== null }],
  })

test('evaluate: the verdict is the exit code', async (t) => {
  const cli = createCli(t)
  write(cli, {
    'slo.yaml': SLO,
    'good.json': values(312.5),
    'slow.json': values(700),
    'bad.json': values(900),
    'none.json': values(null),
  })
  const cases: [string[], number][] = [
    [['--values=good.json'], 0],
    [['--values=slow.json'], 0],
    [['--values=slow.json', '--fail-on=warning'], 1],
    [['--values=bad.json'], 1],
    [['--values=none.json'], 3],
    [['--values=missing.json'], 2],
    [[], 2],
    [['--provider=prometheus', '--url=http://127.0.0.1:9/', '--timeframe=5m'], 3],
  ]
  for (const [args, expected] of cases) {
    const { code } = await cli.run(['evaluate', '--slo=slo.yaml', ...args])
    assert.equal(code, expected, args.join(' '))
  }
})

test('evaluate: the forms of the report, and values from a pipe', async (t) => {
  const cli = createCli(t)
  write(cli, { 'slo.yaml': SLO })
  const args = ['evaluate', '--slo=slo.yaml', '--values=-', '--service=carts', '--stage=staging']
  const report = async (...more: string[]) =>
    (await cli.run([...args, ...more], { stdin: values(900) })).stdout
  assert.match(await report(), /^carts failed in staging because response_time_p95 was 900/)
  const json = JSON.parse(await report('-o', 'json'))
  assert.deepEqual([json.result, json.score, json.explanation.version], ['fail', 0, 2])
  assert.match(await report('-o', 'markdown'), /^(#|\*\*)/)
  assert.match(await report('-o', 'html'), /^<!doctype html>/i)
})

test('evaluate: a broken slo.yaml is said at its place, and nothing is printed as a report', async (t) => {
  const cli = createCli(t)
  write(cli, { 'slo.yaml': SLO.replace('<=500', 'under 500'), 'good.json': values(1) })
  const { code, stdout, stderr } = await cli.run([
    'evaluate',
    '--slo=slo.yaml',
    '--values=good.json',
  ])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^slo\.yaml:\d+:\d+: /)
})
