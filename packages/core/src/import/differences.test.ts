import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { ShipyardStage, ShipyardTask } from '@tiphys/contract/shipyard.ts'
import type { SloFile } from '@tiphys/contract/slo.ts'
import { evaluationDifferences } from './evaluation-differences.ts'
import { takesEvent } from './event-pattern.ts'
import { fileDifferences, MAX_RESOURCE_BYTES } from './file-differences.ts'
import type { ImportedFile, ImportProject } from './import-project.ts'
import { outsideGit } from './outside-git.ts'
import { shipyardDifferences } from './shipyard-differences.ts'
import { sloDifferences } from './slo-differences.ts'
import { taskDifferences } from './task-differences.ts'

function shipyardCodes(stages: ShipyardStage[]): string[] {
  return shipyardDifferences({ apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages } })
    .filter(({ code }) => code !== 'waits-end')
    .map(({ severity, code, path }) => `${severity} ${code} ${path.slice(5).join('.')}`)
}

function oneSequence(...tasks: ShipyardTask[]): ShipyardStage[] {
  return [{ name: 'dev', sequences: [{ name: 'delivery', tasks }] }]
}

test('tasks: delays, windows, approvals, and keys that mean something here', () => {
  const cases: [ShipyardTask[], string[]][] = [
    [[{ name: 'test' }, { name: 'evaluation', triggeredAfter: '10m' }], []],
    [
      [{ name: 'test', triggeredAfter: '10m' }],
      ['changes first-task-delayed tasks.0.triggeredAfter'],
    ],
    [[{ name: 'test', triggeredAfter: 'soon' }], ['info delay-unreadable tasks.0.triggeredAfter']],
    [
      [{ name: 'evaluation', properties: { timeframe: '5m' } }],
      ['changes evaluation-timeframe tasks.0.properties.timeframe'],
    ],
    [[{ name: 'approval' }], ['changes approval-queue tasks.0', 'info approval-default tasks.0']],
    [
      [{ name: 'approval', properties: { pass: 'automatic', warning: 'manual' } }],
      ['changes approval-queue tasks.0'],
    ],
    [[{ name: 'approval', properties: { pass: 'automatic', warning: 'automatic' } }], []],
    [
      [{ name: 'deployment', properties: { timeout: 90, executor: 'me', other: 1 } }],
      [
        'changes key-has-meaning tasks.0.properties.timeout',
        'changes key-has-meaning tasks.0.properties.executor',
      ],
    ],
  ]
  const strange = { name: 'deployment', retry: 2, parallel: null }
  assert.deepEqual(shipyardCodes(oneSequence(strange)), ['changes key-has-meaning tasks.0.retry'])
  for (const [tasks, expected] of cases)
    assert.deepEqual(shipyardCodes(oneSequence(...tasks)), expected)
})

test('numbers of tasks that come again on the way', () => {
  const task = (replicas: unknown) => ({ name: 'deployment', properties: { scale: { replicas } } })
  const stages = (later: unknown, event = 'dev.delivery.finished') => [
    ...oneSequence(task(1)),
    {
      name: 'prod',
      sequences: [
        {
          name: 'delivery',
          triggeredOn: [{ event, selector: { match: { result: 'pass' } } }],
          tasks: [task(later)],
        },
      ],
    },
  ]
  const told = 'changes later-number-wins tasks.0.properties.scale.replicas'
  assert.deepEqual(shipyardCodes(stages(3)), [told])
  assert.deepEqual(shipyardCodes(stages(1)), [])
  assert.deepEqual(shipyardCodes(stages('3')), [])
  assert.ok(!shipyardCodes(stages(3, 'other.delivery.finished')).includes(told))
})

test('slo files: each line of the compatibility table that shows in one', () => {
  const good: SloFile = {
    objectives: [{ sli: 'a', pass: [{ criteria: ['<=5'] }] }],
    total_score: { pass: '90%', warning: '75%' },
  }
  const codes = (more: SloFile) =>
    sloDifferences({ ...good, ...more }).map(
      ({ severity, code, path }) => `${severity} ${code} ${path.join('.')}`,
    )
  assert.deepEqual(codes({}), [])
  assert.deepEqual(codes({ total_score: null }), ['changes total-score-missing total_score'])
  assert.deepEqual(codes({ total_score: { warning: '50' } }), [
    'changes total-score-missing total_score',
  ])
  assert.deepEqual(codes({ total_score: { pass: 'most' } }), [
    'error total-score-unreadable total_score.pass',
  ])
  assert.deepEqual(codes({ comparison: { aggregate_function: 'p99' } }), [
    'changes aggregate-p99 comparison.aggregate_function',
  ])
  assert.deepEqual(codes({ comparison: { aggregate_function: 'median' } }), [
    'error aggregate-unknown comparison.aggregate_function',
  ])
  assert.deepEqual(
    codes({
      objectives: [
        { sli: 'a', pass: [{ criteria: ['x'] }], warning: [{ criteria: ['<=y'] }], weight: 0 },
        null,
        { sli: 'a' },
      ],
    }),
    [
      'info pass-criterion-unreadable objectives.0.pass.0.criteria.0',
      'error warning-criterion-unreadable objectives.0.warning.0.criteria.0',
      'changes weight-zero objectives.0.weight',
      'changes sli-used-twice objectives.2.sli',
    ],
  )
})

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
    builtInProviders: ['prometheus', 'test-results'],
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
          { by, place: PROJECT, file: file('job/config.yaml', PROJECT), events: [event] },
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
    evaluationDifferences(project(files, more)).map(({ code }) => code)
  assert.deepEqual(codes([file('slo.yaml'), file('prometheus/sli.yaml', PROJECT)]), [])
  assert.deepEqual(codes([file('slo.yaml')]), ['provider-missing'])
  assert.deepEqual(codes([file('slo.yaml')], { sliProvider: 'test-results' }), [])
  assert.deepEqual(codes([file('slo.yaml'), file('dynatrace/sli.yaml')]), ['provider-not-built'])
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
  assert.deepEqual(codes([], { notFiles: [file('slo.yaml')] }), ['error not-a-file'])
  assert.deepEqual(codes([], { missingStages: ['prod'] }), ['info stage-without-files'])
  assert.deepEqual(codes([], { missingStages: ['prod'], withoutBranches: true }), [
    'error stages-not-seen',
  ])
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
