import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { lintShipyardFile, readProjectFile, readShipyardFile } from './lint-files.ts'

function lines(text: string): string[] {
  return lintShipyardFile(text, 'shipyard.yaml').map(formatProblem)
}

/** A shipyard of one stage `dev` with the given sequences, indented as they stand. */
function shipyard(sequences: string, apiVersion = 'spec.keptn.sh/0.2.3'): string {
  return `apiVersion: ${apiVersion}
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
${sequences}`
}

const DELIVERY = `        - name: delivery
          tasks: [{name: deployment}, {name: evaluation}]
`

test('a plain shipyard has nothing wrong with it', () => {
  assert.deepEqual(lines(shipyard(DELIVERY)), [])
})

test('what Keptn v1 refused is an error', () => {
  const cases: [string, string[]][] = [
    [
      'apiVersion: [\n',
      [
        'shipyard.yaml:2:1: this is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
    [
      shipyard(DELIVERY, 'spec.keptn.sh/0.1.7'),
      [
        'shipyard.yaml:1:1: apiVersion "spec.keptn.sh/0.1.7" is not supported; write spec.keptn.sh/0.2.3 (0.2.0 or newer)',
      ],
    ],
    [
      'apiVersion: spec.keptn.sh/0.2.3\nspec:\n  stages:\n    - name: Dev\n      sequences: [{name: a, tasks: [{name: t}]}]\n',
      [
        'shipyard.yaml:4:7: stage name "Dev" is not allowed; use lower-case letters, digits and dashes, a letter first and no dash last',
      ],
    ],
    [
      'apiVersion: spec.keptn.sh/0.2.3\nspec:\n  stages:\n    - {name: dev, sequences: [{name: a, tasks: [{name: t}]}]}\n    - {name: dev, sequences: [{name: a, tasks: [{name: t}]}]}\n',
      ['shipyard.yaml:5:8: stage dev is there twice; every stage needs a name of its own'],
    ],
  ]
  for (const [text, expected] of cases) {
    assert.deepEqual(lines(text), expected)
    assert.equal(readShipyardFile(text, 'shipyard.yaml').ok, false)
  }
  assert.equal(
    readShipyardFile('apiVersion: spec.keptn.sh/0.2.3\nspec: {stages: []}\n', 'f').ok,
    false,
  )
})

test('every 0.2 version and newer is taken, as Keptn did', () => {
  for (const version of ['0.2.0', '0.2', '0.2.4', '1.0.0']) {
    assert.deepEqual(lines(shipyard(DELIVERY, `spec.keptn.sh/${version}`)), [], version)
  }
  for (const version of ['0.1.7', '0', 'latest', '0.2.0-alpha']) {
    assert.equal(lines(shipyard(DELIVERY, `spec.keptn.sh/${version}`)).length, 1, version)
  }
  assert.deepEqual(lines(shipyard(DELIVERY, 'v0.2.3')), [
    'shipyard.yaml:1:1: warning: apiVersion v0.2.3 has no group; write spec.keptn.sh/v0.2.3',
  ])
})

test('what Keptn took is taken, with a warning where it does not do what it seems to', () => {
  const text = shipyard(`        - name: delivery
          triggered-on: [{event: dev.delivery.finished}]
          timeout: soon
          tasks:
            - {name: deploy.ment}
            - name: test
              triggeredAfter: 5 minutes
              properties: {timeout: 5, executor: tiphis}
            - {name: approval, properties: {pass: automatc, warning: manual}}
        - {name: delivery}
        - {name: a.b, tasks: [{name: test}]}
`)
  assert.equal(readShipyardFile(text, 'shipyard.yaml').ok, true)
  assert.deepEqual(lines(text), [
    'shipyard.yaml:9:11: warning: unknown key triggered-on in spec.stages.0.sequences.0; did you mean triggeredOn?',
    'shipyard.yaml:10:11: warning: timeout "soon" of sequence delivery is not a duration (10m, 1h30m, 90s), so there is none',
    'shipyard.yaml:12:16: warning: task name deploy.ment has a dot; event types are split at dots, so nobody can answer it',
    'shipyard.yaml:14:15: warning: triggeredAfter "5 minutes" of task test is not a duration (10m, 1h30m, 90s), so the task starts at once',
    'shipyard.yaml:15:28: warning: timeout 5 of task test is not a duration (10m, 1h30m, 90s), so the usual one holds',
    'shipyard.yaml:15:40: warning: executor "tiphis" of task test is not known, so whoever is configured takes the task; did you mean tiphys?',
    'shipyard.yaml:16:45: warning: pass "automatc" of task approval is not known, so somebody has to approve; did you mean automatic?',
    'shipyard.yaml:17:12: warning: sequence delivery is in stage dev twice; only the first one ever runs',
    'shipyard.yaml:17:11: warning: sequence delivery of stage dev has no tasks; whenever it is triggered it ends errored',
    'shipyard.yaml:18:12: warning: sequence name a.b has a dot; event types are split at dots, so it can never be triggered',
  ])
})

test('triggers that name nothing and selectors that never match are told with what was meant', () => {
  const text = shipyard(`${DELIVERY}        - name: rollback
          triggeredOn:
            - {event: sh.keptn.event.dev.delivery.finished}
            - {event: dev.delivary.finished, selector: {match: {result: fail}}}
            - {event: somewhere.else}
            - event: dev.delivery.finished
              selector: {match: {result: failed, evalution.result: pass, test.result: bad}}
            - event: dev.evaluation.finished
          tasks: [{name: rollback}]
`)
  assert.deepEqual(lines(text), [
    'shipyard.yaml:12:16: warning: triggeredOn sh.keptn.event.dev.delivery.finished names nothing, so it never fires; did you mean dev.delivery.finished?',
    'shipyard.yaml:13:16: warning: triggeredOn dev.delivary.finished names nothing, so it never fires; did you mean dev.delivery.finished?',
    'shipyard.yaml:14:16: warning: triggeredOn somewhere.else names nothing, so it never fires; write <stage>.<sequence>.finished with a stage and a sequence of this file',
    'shipyard.yaml:16:50: warning: selector key evalution.result can never match: dev.delivery.finished has no such result; did you mean evaluation.result?',
    'shipyard.yaml:16:74: warning: selector key test.result can never match: dev.delivery.finished has no such result; it can be result, deployment.result, evaluation.result',
    'shipyard.yaml:16:74: warning: selector test.result: bad can never match; a result is pass, warning, fail',
    'shipyard.yaml:16:34: info: result: failed means fail here; in Keptn v1 it never fired although its documentation said so',
    'shipyard.yaml:16:26: info: every key of this selector must hold; in Keptn v1 one of them was enough',
    'shipyard.yaml:17:15: info: without selector, dev.evaluation.finished fires on the result warning too; for pass alone add a selector with match result: pass',
  ])
})

test('a circle of triggers is a warning when nothing but a failure ends it', () => {
  const circle = (selector: string) =>
    shipyard(`        - name: ping
          triggeredOn: [{event: dev.pong.finished, selector: {match: {result: pass}}}]
          tasks: [{name: test}]
        - name: pong
          triggeredOn: [{event: dev.ping.finished, selector: {match: {result: ${selector}}}}]
          tasks: [{name: test}]
`)
  assert.deepEqual(lines(circle('pass')), [
    'shipyard.yaml:9:26: warning: these sequences trigger each other without end: dev.pong -> dev.ping -> dev.pong',
  ])
  assert.deepEqual(lines(circle('fail')), [
    'shipyard.yaml:9:26: info: these sequences trigger each other until a selector does not hold: dev.pong -> dev.ping -> dev.pong',
  ])
})

test('a remediation that repeats itself until its evaluation passes is no warning', () => {
  const text = shipyard(`        - name: remediation
          triggeredOn:
            - {event: dev.remediation.finished, selector: {match: {evaluation.result: fail}}}
          tasks: [{name: get-action}, {name: action}, {name: evaluation}]
`)
  assert.deepEqual(lines(text), [
    'shipyard.yaml:10:16: info: these sequences trigger each other until a selector does not hold: dev.remediation -> dev.remediation',
  ])
})

test('project.yaml: unknown keys are errors, targets are hosts, stages are those of the shipyard', () => {
  const read = (text: string) =>
    readProjectFile(text, 'tiphys/project.yaml', ['dev', 'production']).problems.map(formatProblem)
  assert.deepEqual(
    read('targets: [shop.example.com, "*.example.com", "127.0.0.1:8080", "a:*", "https://a/b"]\n'),
    [],
  )
  assert.deepEqual(read('target: [a]\n'), [
    'tiphys/project.yaml:1:1: unknown key target; did you mean targets?',
  ])
  assert.deepEqual(read('targets: ["shop.example.com/x"]\nstages: {prodution: {queue: hold}}\n'), [
    'tiphys/project.yaml:1:11: target "shop.example.com/x" is not a host; write shop.example.com, *.example.com or 127.0.0.1:8080',
    'tiphys/project.yaml:2:10: warning: stage prodution is not in the shipyard, so its settings have no effect; did you mean production?',
  ])
})

test('what a shipyard says beyond Keptn is checked where it stands', () => {
  const cases: [string, string[]][] = [
    [
      `        - name: delivery
          tasks:
            - {name: deployment, parallel: true, retry: {times: 2, after: soon}}
            - {name: test, if: "labels.canary = 'true'"}
            - {name: approval, retry: 2}
`,
      [
        'shipyard.yaml:11:28: the condition of task test cannot be evaluated: unexpected character: = at character 15',
        'shipyard.yaml:10:68: warning: after "soon" of task deployment is not a duration (10m, 1h30m, 90s), so it is tried again at once',
        'shipyard.yaml:10:34: warning: parallel has no effect on deployment: no task stands before it',
        'shipyard.yaml:12:32: warning: retry has no effect on an approval: whoever left it open is not asked again',
      ],
    ],
    [
      `        - name: delivery
          tasks: [{name: deployment}]
        - name: promote
          triggeredOn:
            - event: dev.delivery.finished
              selector: {match: {result: pass}}
              soak: overnight
              within: 1d
              and:
                - {event: dev.delivry.finished, selector: {match: {result: pass}}}
          tasks: [{name: release}]
`,
      [
        'shipyard.yaml:17:20: warning: triggeredOn dev.delivry.finished names nothing, so it never fires; did you mean dev.delivery.finished?',
        'shipyard.yaml:14:15: warning: soak "overnight" is not a duration (10m, 1h30m, 90s), so it starts at once',
        'shipyard.yaml:15:15: warning: within "1d" is not a duration (10m, 1h30m, 90s), so it waits 30 days for the rest',
      ],
    ],
    [
      `        - name: delivery
          tasks: [{name: deployment, retry: {times: 99}}]
`,
      [
        'shipyard.yaml:9:46: spec.stages.0.sequences.0.tasks.0.retry.times: too big: expected number to be <=10',
      ],
    ],
  ]
  for (const [text, expected] of cases) assert.deepEqual(lines(shipyard(text)), expected)
})

test('a freeze that cannot be used is refused at its key', () => {
  const text = `freezes:
  - name: weekend
    schedule: 0 18 * * 5
    duration: 60h
    timeZone: Europe/Berlim
  - {name: peak, from: 2026-12-02T00:00:00Z, to: 2026-12-01T00:00:00Z}
  - {name: both, from: 2026-12-02T00:00:00Z, schedule: 0 18 * * 5}
`
  const problems = readProjectFile(text.split('\n').slice(0, 6).join('\n'), 'project.yaml').problems
  assert.deepEqual(problems.map(formatProblem), [
    'project.yaml:5:5: timeZone "Europe/Berlim" is not known; write a name like Europe/Berlin',
    'project.yaml:6:46: the freeze ends at 2026-12-01T00:00:00Z, before it begins at 2026-12-02T00:00:00Z',
  ])
  const both = readProjectFile(text, 'project.yaml').problems.map(formatProblem)
  assert.deepEqual(both, [
    'project.yaml:7:6: freezes.2.name: freeze both needs either from and to, or schedule and duration',
  ])
})

test('a task that is called nearly like one of ours is doubtful, one of its own is not', () => {
  const tasks = (...names: string[]) =>
    lines(
      shipyard(
        `        - name: delivery\n          tasks: [${names.map((name) => `{name: ${name}}`).join(', ')}]\n`,
      ),
    )
  assert.deepEqual(tasks('deployment', 'load-test', 'notify', 'get-sli', 'relabel'), [])
  assert.deepEqual(tasks('tests', 'evaluaton'), [
    'shipyard.yaml:9:20: warning: nobody here carries out tests, so an integration has to; did you mean test?',
    'shipyard.yaml:9:35: warning: nobody here carries out evaluaton, so an integration has to; did you mean evaluation?',
  ])
})
