import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type ImportFinding, ImportReport } from '@tiphys/contract/import-report.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import { importReport } from './import-report.ts'
import { isLookedInto, type KeptnRepository } from './keptn-repository.ts'
import { readShipyard } from './read-files.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.2
kind: Shipyard
metadata:
  name: shop
spec:
  stages:
    - name: dev
      sequences:
        - name: delivery
          tasks:
            - name: evaluation
        - name: rollback
          triggeredOn:
            - event: dev.delivery.finished
              selector:
                match:
                  result: failed
          tasks:
            - name: scan
            - name: undo
              propertys: {}
`
const WEBHOOK = `apiVersion: webhookconfig.keptn.sh/v1beta1
kind: WebhookConfig
spec:
  webhooks:
    - type: sh.keptn.event.scan.triggered
      subscriptionID: 7f5c
      envFrom:
        - name: token
          secretRef: {name: scanner, key: token}
`
const JOB = `apiVersion: v2
actions:
  - name: undo
    events:
      - name: sh.keptn.event.undo.triggered
    tasks:
      - name: undo
        image: acme/undo
        env:
          - name: undo-credentials
            valueFrom: secret
          - name: HOST
            value: $.data.project
            valueFrom: event
`
const DEV = { level: 'stage', stage: 'dev' } as const
const CARTS = { level: 'service', stage: 'dev', service: 'carts' } as const

type Draft = readonly [ImportedFile['place'], string, string]

function report(shipyard: string, drafts: readonly Draft[]) {
  const all: Draft[] = [[{ level: 'project' }, 'shipyard.yaml', shipyard], ...drafts]
  const files = all.map(([place, uri, text]): ImportedFile => {
    const folder = place.level === 'service' ? `${place.service}/` : ''
    const branch = place.level === 'project' ? 'main' : place.stage
    return { place, uri, branch, path: folder + uri, sizeBytes: text.length }
  })
  const texts = new Map(
    files.flatMap((file, index) => {
      const text = all[index]?.[2]
      return isLookedInto(file) && text !== undefined ? [[file, text] as const] : []
    }),
  )
  const repository: KeptnRepository = {
    name: 'shop.git',
    layout: 'branch-per-stage',
    branch: 'main',
    project: 'shop',
    services: [{ stage: 'dev', service: 'carts' }],
    files,
    notFiles: [],
    missingStages: [],
    texts,
  }
  const read = readShipyard(shipyard, 'shipyard.yaml')
  assert.ok(read.ok)
  return ImportReport.parse(importReport(repository, read))
}

function places(findings: readonly ImportFinding[], code: string): string[] {
  return findings
    .filter((one) => one.code === code)
    .map(({ branch, file, line, column }) => `${branch}:${file}:${line}:${column}`)
}

test('every finding has its place, errors come first, and what is left over is counted', () => {
  const { findings, unchanged, services, stages } = report(SHIPYARD, [
    [CARTS, 'metadata.yaml', 'servicename: carts\n'],
    [
      CARTS,
      'slo.yaml',
      'objectives:\n  - sli: a\n    weight: 0\n    pass: [{criteria: ["<=+5%"]}]\n',
    ],
    [DEV, 'prometheus/sli.yaml', 'indicators: {a: up}\nindicator: {}\n'],
    [DEV, 'webhook/webhook.yaml', WEBHOOK],
    [CARTS, 'job/config.yaml', JOB],
    [CARTS, 'notes.txt', 'x'],
  ])
  assert.deepEqual([stages, services], [['dev'], ['carts']])
  assert.deepEqual(places(findings, 'trigger-now-fires'), ['main:shipyard.yaml:16:17'])
  assert.deepEqual(places(findings, 'task-without-executor'), [
    'main:shipyard.yaml:19:15',
    'main:shipyard.yaml:20:15',
  ])
  assert.deepEqual(places(findings, 'key-unknown'), [
    'main:shipyard.yaml:21:15',
    'dev:prometheus/sli.yaml:2:1',
  ])
  assert.deepEqual(places(findings, 'weight-zero'), ['dev:carts/slo.yaml:3:5'])
  assert.deepEqual(places(findings, 'total-score-missing'), ['dev:carts/slo.yaml:1:1'])
  assert.deepEqual(places(findings, 'history-not-in-git'), ['dev:carts/slo.yaml:1:1'])
  assert.deepEqual(places(findings, 'secret-to-enter'), [
    'dev:carts/job/config.yaml:10:13',
    'dev:webhook/webhook.yaml:9:23',
  ])
  const scan = findings.find(({ subject }) => subject === 'scan')
  assert.equal(scan?.was, 'webhook-service answered it (webhook/webhook.yaml of stage dev).')
  const undo = findings.find(({ subject }) => subject === 'undo')
  assert.equal(undo?.was, 'job-executor-service answered it (job/config.yaml of carts in dev).')
  const ranks = findings.map(({ severity }) => ['error', 'changes', 'info'].indexOf(severity))
  assert.deepEqual(
    ranks,
    ranks.toSorted((left, right) => left - right),
  )
  assert.deepEqual(
    unchanged.map(({ what, count, of }) => `${what} ${count}/${of}`),
    ['sequences 1/2', 'triggers 0/1', 'slo files 0/1', 'sli files 1/1', 'other files 1/3'],
  )
})

test('what the server would refuse is marked, and what Keptn did not mind is not', () => {
  const { findings } = report(
    SHIPYARD.replace('name: dev\n', 'name: Dev\n').replace('0.2.2', '0.1.7'),
    [
      [CARTS, 'tiphys/tests.yaml', 'tests: []\n'],
      [CARTS, 'slo.yaml', 'objectives: 5\n'],
    ],
  )
  const refused = findings.filter((one) => one.refused)
  assert.deepEqual(
    refused.map(({ code, file, line }) => `${code} ${file}:${line}`),
    [
      'api-version-unsupported shipyard.yaml:1',
      'stage-name-invalid shipyard.yaml:7',
      'own-file-invalid carts/tiphys/tests.yaml:1',
    ],
  )
  assert.deepEqual(places(findings, 'slo-unreadable'), ['dev:carts/slo.yaml:1:1'])
})

test('files that no parser would take are not looked into', () => {
  const file = { place: CARTS, uri: 'slo.yaml', path: 'carts/slo.yaml' }
  assert.equal(isLookedInto({ ...file, sizeBytes: 1_000 }), true)
  assert.equal(isLookedInto({ ...file, sizeBytes: 2_000_000 }), false)
  assert.equal(isLookedInto({ ...file, uri: 'jmeter/load.jmx', sizeBytes: 1 }), false)
})

test('broken webhooks and jobs do not stop the report', () => {
  const { findings } = report(SHIPYARD, [
    [DEV, 'webhook/webhook.yaml', 'spec: [1'],
    [DEV, 'job/config.yaml', 'actions: 5'],
  ])
  assert.deepEqual(places(findings, 'webhook-not-read'), ['dev:webhook/webhook.yaml:1:1'])
  assert.deepEqual(places(findings, 'job-not-read'), ['dev:job/config.yaml:1:1'])
})

test('a shipyard of the first Keptns is told as such', () => {
  const read = readShipyard(
    'stages:\n  - name: dev\n    test_strategy: functional\n',
    'shipyard.yaml',
  )
  assert.ok(!read.ok)
  assert.match(read.problems[0]?.message ?? '', /^this is a shipyard of Keptn 0\.7 or older/)
})
