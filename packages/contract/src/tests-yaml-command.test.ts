import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProblem } from './problem.ts'
import { lintTestsYaml, parseTestsYaml } from './tests-yaml.ts'

const FILE = 'tiphys/tests.yaml'

/** The fields of one test with a command. */
function problemsOf(fields: string): readonly string[] {
  const text = `tests:\n  - name: e2e\n    ${fields.trim().replaceAll('\n', '\n    ')}\n`
  return lintTestsYaml(text, FILE).map(formatProblem)
}

test('a command with everything, and with nothing but itself', () => {
  const parsed = parseTestsYaml(
    `tests:
  - name: all
    target: https://shop.example.com
    command: [k6, run, -e, 1, true]
    files: tests/**
    workingDirectory: tests/k6
    environment: { CI: true, RATE: 5 }
    timeout: 90s
    results: [{ format: k6, path: "out/*.json" }]
    artifacts: [a.txt]
    thresholds: { checks_failed: "<=0" }
  - { name: least, command: [make] }
`,
    FILE,
  )
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const [all, least] = parsed.suite.tests
  assert.deepEqual(all, {
    kind: 'command',
    name: 'all',
    target: 'https://shop.example.com',
    command: {
      argv: ['k6', 'run', '-e', '1', 'true'],
      files: ['tests/**'],
      workingDirectory: 'tests/k6',
      environment: { CI: 'true', RATE: '5' },
      timeoutMs: 90_000,
      results: [{ format: 'k6', path: 'out/*.json' }],
      artifacts: ['a.txt'],
      thresholds: [{ figure: 'checks_failed', pass: { operator: '<=', value: 0 } }],
    },
  })
  assert.deepEqual(least, {
    kind: 'command',
    name: 'least',
    command: {
      argv: ['make'],
      files: ['**'],
      workingDirectory: '',
      environment: {},
      timeoutMs: 600_000,
      results: [],
      artifacts: [],
      thresholds: [],
    },
  })
})

const WRONG: readonly (readonly [string, string])[] = [
  [
    'command: k6 run load.js',
    '3:5: tests.0.command: expected a list of the program and its arguments, like [k6, run, load.js]',
  ],
  ['command: []', '3:5: tests.0.command: is empty'],
  [
    'command: [./run.sh]',
    '3:15: tests.0.command.0: expected the name of a program, like k6; one of the project is run by another: [sh, run.sh]',
  ],
  [
    'command: [k6]\nchecks: [{request: GET /}]',
    '2:5: tests.0: a test has either checks, load or command',
  ],
  [
    'checks: [{request: GET /}]\ntimeout: 5m',
    '4:5: tests.0.timeout: belongs to a test with a command',
  ],
  [
    'command: [k6]\nworkingDirectory: ../..',
    '4:5: tests.0.workingDirectory: "../.." has the part .. in it',
  ],
  [
    'command: [k6]\nartifacts: [/etc/passwd]',
    '4:17: tests.0.artifacts.0: "/etc/passwd" is absolute; write it relative to the repository',
  ],
  [
    'command: [k6]\nenvironment: { LD_PRELOAD: ./x.so }',
    '4:5: tests.0.environment: the variable LD_PRELOAD cannot be set by a test',
  ],
  [
    'command: [k6]\nenvironment: { TIPHYS_STAGE: prod }',
    '4:5: tests.0.environment: the variable TIPHYS_STAGE cannot be set by a test',
  ],
  [
    'command: [k6]\nenvironment: { "a b": c }',
    '4:5: tests.0.environment: "a b" is not the name of a variable',
  ],
  [
    'command: [k6]\ntimeout: 2d',
    '4:5: tests.0.timeout: expected a duration like 500ms, 30s or 5m, found "2d"',
  ],
  [
    'command: [k6]\nresults: [{ format: junt, path: a.xml }]',
    '4:17: tests.0.results.0.format: expected one of junit, k6, jmeter, playwright, tiphys',
  ],
  [
    'command: [k6]\nresults: [{ format: junit, path: a.xml }]\nthresholds: { checks_faild: "<1" }',
    '5:19: tests.0.thresholds.checks_faild: nothing called checks_faild is measured; did you mean checks_failed?',
  ],
  [
    'command: [k6]\nthresholds: { error_rate: "<1%" }',
    'warning: nothing is measured without `results`, so these thresholds always fail',
  ],
]

for (const [fields, expected] of WRONG) {
  test(`refused: ${fields.replaceAll('\n', ', ')}`, () => {
    const [first = ''] = problemsOf(fields)
    const wanted = expected.startsWith('warning') ? `4:5: ${expected}` : expected
    assert.equal(first, `${FILE}:${wanted}`)
  })
}

test('a load test has no checks to put a threshold on', () => {
  const load =
    'load: { rate: 1/s, duration: 1s, requests: [{request: GET /}], thresholds: { checks_failed: "<1" } }'
  assert.match(problemsOf(load).join(), /nothing called checks_failed is measured/)
})
