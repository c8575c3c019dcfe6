import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { fileKindOf } from './file-kind.ts'
import { lintFileSet } from './lint-file-set.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec: {stages: [{name: dev, sequences: [{name: delivery, tasks: [{name: deployment}]}]}]}
`
const SLO = `spec_version: "1.0"
objectives:
  - sli: response_time_p95
    pass: [{criteria: ["<500"]}]
  - sli: checkout_errorz
    pass: [{criteria: ["<1"]}]
`
const SLI = `spec_version: "1.0"
indicators:
  checkout_errors: rate(errors[$DURATION_SECONDS])
`

function lines(files: Record<string, string>): string[] {
  return lintFileSet(files).map(formatProblem)
}

test('the kind of a file follows from its name, else from its content', () => {
  const cases: [string, string, ReturnType<typeof fileKindOf>][] = [
    ['shipyard.yaml', '', 'shipyard'],
    ['dev/carts/slo.yaml', '', 'slo'],
    ['prometheus/sli.yaml', '', 'sli'],
    ['tiphys/tests.yaml', '', 'tests'],
    ['argocd.yaml', '', 'argocd'],
    ['tiphys/project.yaml', '', 'project'],
    ['tiphys.yaml', '', 'settings'],
    ['webhook/webhook.yaml', '', 'not-ours'],
    ['mine.yaml', SHIPYARD, 'shipyard'],
    ['mine.yaml', SLO, 'slo'],
    ['mine.yaml', SLI, 'sli'],
    ['mine.yaml', 'tests: []\n', 'tests'],
    ['mine.yaml', 'replicaCount: 1\n', undefined],
  ]
  for (const [file, text, kind] of cases) assert.equal(fileKindOf(file, text), kind, file)
})

test('files are held against each other: stages and indicators', () => {
  assert.deepEqual(
    lines({
      'shipyard.yaml': SHIPYARD,
      'tiphys/project.yaml': 'stages: {devv: {queue: hold}}\n',
      'slo.yaml': SLO,
      'prometheus/sli.yaml': SLI,
    }),
    [
      'tiphys/project.yaml:1:10: warning: stage devv is not in the shipyard, so its settings have no effect; did you mean dev?',
      'slo.yaml:5:5: warning: no sli.yaml here has a query for checkout_errorz; did you mean checkout_errors?',
    ],
  )
})

test('alone, a file is held against nothing', () => {
  assert.deepEqual(lines({ 'slo.yaml': SLO }), [])
  assert.deepEqual(lines({ 'project.yaml': 'stages: {dve: {queue: hold}}\n' }), [])
})

test('every kind of file of ours refuses a key that nobody knows', () => {
  assert.deepEqual(
    lines({
      'tests.yaml': 'test: []\n',
      'argocd.yaml': 'apiVersion: tiphys.dev/v1\napplication: []\n',
      'tiphys.yaml': 'prot: 8080\n',
    }).filter((line) => line.includes('unknown key')),
    [
      'tests.yaml:1:1: unknown key test; did you mean tests?',
      'argocd.yaml:2:1: unknown key application; did you mean applications?',
      'tiphys.yaml:1:1: unknown key prot; did you mean port?',
    ],
  )
})

test('a file that is nothing known is an error with what was probably meant', () => {
  assert.deepEqual(lines({ 'shipyrd.yaml': 'a: 1\n' }), [
    'shipyrd.yaml:1:1: neither the name nor the content says what kind of file this is; did you mean shipyard.yaml?',
  ])
})

test('a key that every object has says nothing about a file', () => {
  const [problem] = lintFileSet({ 'values.json': 'constructor: {prototype: 2}\n__proto__: 1\n' })
  assert.equal(problem?.severity, 'error')
  assert.match(problem.message, /^neither the name nor the content says/)
})
