import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { ShipyardStage, ShipyardTask } from '@tiphys/contract/shipyard.ts'
import { evaluationDifferences } from './evaluation-differences.ts'
import { takesEvent } from './event-pattern.ts'
import { fileDifferences, MAX_RESOURCE_BYTES } from './file-differences.ts'
import type { ImportedFile, ImportProject } from './import-project.ts'
import { outsideGit } from './outside-git.ts'
import { taskDifferences } from './task-differences.ts'

function oneSequence(...tasks: ShipyardTask[]): ShipyardStage[] {
  return [{ name: 'dev', sequences: [{ name: 'delivery', tasks }] }]
}

const CARTS = { level: 'service', stage: 'dev', service: 'carts' } as const
const PROJECT = { level: 'project' } as const

function file(uri: string, place: ImportedFile['place'] = CARTS, sizeBytes = 10): ImportedFile {
  return { place, uri, path: uri, sizeBytes }
}

function project(files: ImportedFile[], more: Partial<ImportProject> = {}): ImportProject {
  return {
    name: 'shop',
    stages: oneSequence(
      { name: 'deployment' },
      { name: 'test' },
      { name: 'evaluation' },
      { name: 'release' },
    ),
    services: [{ stage: 'dev', service: 'carts' }],
    files,
    answerers: [],
    notFiles: [],
    missingStages: [],
    withoutBranches: false,
    builtInProviders: ['prometheus', 'dynatrace', 'test-results'],
    ...more,
  }
}

test('tasks that nobody here carries out, and what the files tell about who did', () => {
  const codes = (files: ImportedFile[], more: Partial<ImportProject> = {}) =>
    taskDifferences(project(files, more)).map(({ severity, code }) => `${severity} ${code}`)
  assert.deepEqual(codes([]), [
    'error task-without-executor',
    'changes test-without-tests',
    'changes release-without-executor',
  ])
  assert.deepEqual(codes([file('helm/carts.tgz'), file('jmeter/load.jmx')]), [
    'error task-without-executor',
    'error test-without-tests',
    'error release-without-executor',
  ])
  assert.deepEqual(codes([file('argocd.yaml', PROJECT), file('tiphys/tests.yaml')]), [])
  const other = { level: 'service', stage: 'dev', service: 'orders' } as const
  assert.deepEqual(
    codes([file('argocd.yaml', other), file('tiphys/tests.yaml', other)], {
      services: [
        { stage: 'dev', service: 'orders' },
        { stage: 'dev', service: 'carts' },
      ],
    }).length,
    3,
  )
})

test('a webhook or a job says which task it answered', () => {
  const answerer = (by: 'webhook-service' | 'job-executor-service', event: string) =>
    taskDifferences(
      project([], {
        stages: oneSequence({ name: 'scan' }),
        answerers: [
          {
            by,
            place: PROJECT,
            file: file('job/config.yaml', PROJECT),
            events: [{ type: event, path: [] }],
          },
        ],
      }),
    )[0]?.was
  const job = 'job-executor-service answered it (job/config.yaml of the project).'
  assert.equal(answerer('job-executor-service', 'sh.keptn.event.scan.triggered'), job)
  assert.equal(answerer('job-executor-service', '^sh\\.keptn\\.event\\..*\\.triggered$'), job)
  assert.match(
    answerer('job-executor-service', 'sh.keptn.event.(a|b).triggered') ?? '',
    /^Whatever/,
  )
  assert.match(
    answerer('webhook-service', 'sh.keptn.event.scan.triggered') ?? '',
    /^webhook-service/,
  )
})

test('regular expressions of users are read, never run', () => {
  const type = 'sh.keptn.event.scan.triggered'
  const cases: [string, boolean | undefined][] = [
    [type, true],
    ['scan', true],
    ['^scan', false],
    ['triggered$', true],
    ['^sh.keptn.event.scan$', false],
    ['(test|scan).triggered', true],
    ['test|scan', true],
    ['.*', true],
    ['a.*b', false],
    ['(a+)+$', undefined],
    ['s?can', undefined],
  ]
  for (const [pattern, expected] of cases)
    assert.equal(takesEvent(pattern, type), expected, pattern)
})

test('where the values of an evaluation come from', () => {
  const codes = (files: ImportedFile[], more: Partial<ImportProject> = {}) =>
    evaluationDifferences(project(files, more)).flatMap(({ code }) =>
      code === 'no-value-no-verdict' ? [] : [code],
    )
  const [first] = evaluationDifferences(project([file('slo.yaml')]))
  assert.equal(first?.code, 'no-value-no-verdict')
  assert.deepEqual(codes([file('slo.yaml'), file('prometheus/sli.yaml', PROJECT)]), [])
  assert.deepEqual(codes([file('slo.yaml')]), ['provider-missing'])
  assert.deepEqual(codes([file('slo.yaml')], { sliProvider: 'test-results' }), [])
  assert.deepEqual(codes([file('slo.yaml'), file('zabbix/sli.yaml')]), ['provider-not-built'])
  assert.deepEqual(codes([file('slo.yaml'), file('dynatrace/sli.yaml')]), ['provider-to-connect'])
  assert.deepEqual(
    codes([file('slo.yaml'), file('prometheus/sli.yaml'), file('test-results/sli.yaml')]),
    ['provider-several'],
  )
  assert.deepEqual(codes([file('metadata.yaml')]), ['slo-missing'])
  assert.deepEqual(codes([file('slo.yaml', PROJECT)]), ['slo-not-read'])
})

test('files that are refused, files that nobody reads, and places that are not there', () => {
  const codes = (files: ImportedFile[], more: Partial<ImportProject> = {}) =>
    fileDifferences(project(files, more)).map(({ severity, code }) => `${severity} ${code}`)
  assert.deepEqual(codes([file('notes~.txt')]), [
    'error resource-name-refused',
    'info file-unknown',
  ])
  assert.deepEqual(codes([file('jmeter/big.csv', CARTS, MAX_RESOURCE_BYTES + 1)]), [
    'error resource-too-large',
    'error jmeter-not-read',
  ])
  assert.deepEqual(codes([file('helm/carts/Chart.yaml'), file('helm/carts.tgz')]), [
    'error helm-not-read',
  ])
  assert.deepEqual(codes([file('slo.yaml', { level: 'stage', stage: 'old' })]), [
    'info stage-not-in-shipyard',
  ])
  assert.deepEqual(codes([], { services: [{ stage: 'dev', service: 'Carts' }] }), [
    'error service-name-refused',
  ])
  assert.deepEqual(codes([], { services: [{ stage: 'prod', service: 'carts' }] }), [
    'info service-in-every-stage',
  ])
  assert.deepEqual(codes([file('prometheus/sli.yaml')]), ['info prometheus-connection'])
  const dev = { level: 'stage', stage: 'dev' } as const
  const folders = codes([file('orders/slo.yaml', dev), file('carts/helm/a.tgz', dev)])
  assert.equal(folders.filter((one) => one === 'error folder-without-metadata').length, 2)
  assert.ok(!codes([file('prometheus/sli.yaml', dev)]).includes('error folder-without-metadata'))
  assert.deepEqual(codes([file('argocd.yaml', PROJECT), file('argocd.yaml', dev)]), [
    'info stage-copy',
  ])
  assert.deepEqual(codes([], { notFiles: [file('slo.yaml')] }), ['error not-a-file'])
  assert.deepEqual(codes([], { missingStages: ['prod'] }), ['info stage-without-files'])
  assert.deepEqual(codes([], { missingStages: ['prod'], withoutBranches: true }), [
    'error stages-not-seen',
  ])
})

test('each webhook is told with what stands in for it', () => {
  const hooks = file('webhook/webhook.yaml')
  const told = fileDifferences(
    project([hooks], {
      answerers: [
        {
          by: 'webhook-service',
          place: CARTS,
          file: hooks,
          events: ['scan.triggered', 'evaluation.finished'].map((name, index) => ({
            type: `sh.keptn.event.${name}`,
            path: ['spec', 'webhooks', index, 'type'],
          })),
        },
      ],
    }),
  )
  assert.deepEqual(
    told.map(({ subject, path }) => `${subject} ${path.join('.')}`),
    [
      'sh.keptn.event.scan.triggered spec.webhooks.0.type',
      'sh.keptn.event.evaluation.finished spec.webhooks.1.type',
    ],
  )
  assert.match(told[0]?.todo ?? '', /^Let a service or a pipeline send the request/)
  assert.match(told[1]?.todo ?? '', /^Nothing waits for it\./)
})

test('secrets are named once with all their keys', () => {
  const one = { file: file('webhook/webhook.yaml'), path: [] }
  const [, secret, ...others] = outsideGit(project([]), {
    secrets: [
      { name: 'slack', keys: ['token'], ...one },
      { name: 'slack', keys: ['channel', 'token'], ...one },
    ],
  })
  assert.deepEqual(others, [])
  assert.equal(
    secret?.todo,
    'Keep the values at hand: tiphys create secret slack --from-literal channel=… --from-literal token=…',
  )
})
