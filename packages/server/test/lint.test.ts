import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Problem } from '@tiphys/contract/problem.ts'
import { lintFileSet } from '@tiphys/providers/lint-file-set.ts'
import { checkFile } from '../src/projects/check-file.ts'

/**
 * `tiphys lint` and the server must not contradict each other: what lint takes, the server takes. The other way round only files of
 * Keptn differ: what cannot be evaluated is an error of lint, and the API takes it as Keptn did.
 */

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec: {stages: [{name: dev, sequences: [{name: delivery, tasks: [{name: test}]}]}]}
`

const SAMPLES: readonly (readonly [uri: string, text: string])[] = [
  ['shipyard.yaml', SHIPYARD],
  ['shipyard.yaml', SHIPYARD.replace('0.2.3', '0.1.7')],
  ['shipyard.yaml', SHIPYARD.replace('name: dev', 'name: Dev')],
  ['shipyard.yaml', SHIPYARD.replace('tasks', 'task')],
  ['shipyard.yaml', 'spec: ['],
  ['tiphys/project.yaml', 'sliProvider: prometheus\n'],
  ['tiphys/project.yaml', 'sliProvidr: prometheus\n'],
  ['tiphys/project.yaml', 'targets: ["a b"]\n'],
  [
    'tiphys/tests.yaml',
    'apiVersion: tiphys.dev/v1\ntests: [{name: a, checks: [{request: GET /}]}]\n',
  ],
  ['tiphys/tests.yaml', 'apiVersion: tiphys.dev/v1\ntests: [{name: a, check: []}]\n'],
  ['argocd.yaml', 'apiVersion: tiphys.dev/v1\napplications: [{application: carts}]\n'],
  ['argocd.yaml', 'apiVersion: tiphys.dev/v1\napplications: [{application: "{{x}}"}]\n'],
  ['slo.yaml', 'objectives: [{sli: a, pass: [{criteria: ["<1"]}]}]\n'],
  ['slo.yaml', 'objectives: [{sli: a, pass: [{criteria: ["about 1"]}]}]\n'],
  ['prometheus/sli.yaml', 'indicators: {a: up}\n'],
  ['prometheus/sli.yaml', 'indicatorz: {a: up}\n'],
]

const KEPTN_TOOK = /(^slo|sli)\.yaml$/

test('lint and the server agree on what is wrong with a file, and where', () => {
  for (const [uri, text] of SAMPLES) {
    const linted = lintFileSet({ [uri]: text })
    const checked = checkFile(uri, text, uri)
    assert.deepEqual(places(checked), places(linted), `${uri}\n${text}`)
    const severities = KEPTN_TOOK.test(uri) ? linted.map(() => 'warning') : severitiesOf(linted)
    assert.deepEqual(severitiesOf(checked), severities, `${uri}\n${text}`)
  }
})

function places(problems: readonly Problem[]): string[] {
  return problems.map(({ line, column, message }) => `${line}:${column} ${message}`).sort()
}

function severitiesOf(problems: readonly Problem[]): string[] {
  return problems.map(({ severity }) => severity)
}
