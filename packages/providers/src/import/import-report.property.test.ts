import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { ImportReport } from '@tiphys/contract/import-report.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import fc from 'fast-check'
import { importReport } from './import-report.ts'
import { readShipyard } from './read-files.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.2
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
        - name: delivery
          triggeredOn: [{event: dev.delivery.finished, selector: {match: {result: failed, test.result: pass}}}]
          tasks:
            - name: test
              properties: {replicas: 1, nested: {on: true}}
            - name: approval
              triggeredAfter: 10m
`
const OTHERS: Readonly<Record<string, string>> = {
  'slo.yaml':
    'objectives:\n  - sli: a\n    weight: 0\n    pass: [{criteria: ["<=+10%"]}]\n    warning: [{criteria: ["x"]}]\ntotal_score: {pass: 90}\n',
  'prometheus/sli.yaml': 'indicators: {a: up}\n',
  'webhook/webhook.yaml':
    'spec:\n  webhooks:\n    - type: sh.keptn.event.test.triggered\n      envFrom: [{secretRef: {name: s, key: k}}]\n',
  'job/config.yaml':
    'actions:\n  - events: [{name: "sh.keptn.event.(test|scan).triggered"}]\n    tasks: [{env: [{name: s, valueFrom: secret}]}]\n',
  'tiphys/project.yaml': 'sliProvider: prometheus\nstages: {dev: {queue: hold}}\n',
  'argocd.yaml': 'apiVersion: tiphys.dev/v1\napplications: []\n',
}

/** Other values, other keys, lines twice, lines missing, other indentation: what people do to files. */
const SCRAPS = [
  'null',
  '[]',
  '{}',
  '5',
  '-1',
  'true',
  '"',
  '- ',
  '<<: *x',
  '&x',
  '~',
  '.result',
  '2026-01-01',
  '__proto__: 1',
]
const mutation = fc.record({
  at: fc.nat(40),
  how: fc.constantFrom('drop', 'twice', 'deeper', 'value', 'key'),
  scrap: fc.constantFrom(...SCRAPS),
})
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function mutated(text: string, mutations: readonly Mutation[]): string {
  return mutations
    .reduce(
      (lines, { at, how, scrap }) =>
        lines.toSpliced(
          at % lines.length,
          1,
          ...change(lines[at % lines.length] ?? '', how, scrap),
        ),
      text.split('\n'),
    )
    .join('\n')
}

function change(line: string, how: Mutation['how'], scrap: string): string[] {
  switch (how) {
    case 'drop':
      return []
    case 'twice':
      return [line, line]
    case 'deeper':
      return [`  ${line}`]
    case 'value':
      return [line.replace(/:.*/, `: ${scrap}`)]
    case 'key':
      return [line.replace(/\w+:/, `${scrap}:`)]
  }
}

test('whatever stands in the files, there is a report, and the same one twice', () => {
  const stage = { level: 'stage', stage: 'dev' } as const
  const carts = { level: 'service', stage: 'dev', service: 'carts' } as const
  const places = fc.constantFrom<ImportedFile['place']>({ level: 'project' }, stage, carts)
  const many = fc.array(mutation, { maxLength: 4 })
  let reports = 0
  fc.assert(
    fc.property(
      many,
      many,
      places,
      fc.constantFrom(...Object.keys(OTHERS)),
      (first, second, place, uri) => {
        const read = readShipyard(mutated(SHIPYARD, first), 'shipyard.yaml')
        if (!read.ok) {
          assert.ok(read.problems.some(({ severity }) => severity === 'error'))
          return
        }
        const text = mutated(OTHERS[uri] ?? '', second)
        const file: ImportedFile = { place, uri, path: uri, branch: 'dev', sizeBytes: text.length }
        const top: ImportedFile = {
          place: { level: 'project' },
          uri: 'shipyard.yaml',
          path: 'shipyard.yaml',
          sizeBytes: 1,
        }
        const repository = {
          name: 'shop',
          layout: 'branch-per-stage',
          services: [{ stage: 'dev', service: 'carts' }],
          files: [top, file],
          notFiles: [],
          missingStages: [],
          texts: new Map([[file, text]]),
        } as const
        const report = ImportReport.parse(importReport(repository, read))
        assert.deepEqual(importReport(repository, read), report)
        for (const { count, of } of report.unchanged) assert.ok(count <= of)
        reports++
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(reports > 80, `only ${reports} of the shipyards could be read`)
})
