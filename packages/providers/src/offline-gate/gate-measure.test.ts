import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { startServer } from '../../test/answering-server.ts'
import { type OfflineGateOptions, runOfflineGate } from '../offline-gate.ts'

const SLO = `objectives:
  - { sli: rt, pass: [{ criteria: ["<600"] }] }
  - { sli: queue, pass: [{ criteria: ["<10"] }] }
  - { sli: error_rate, pass: [{ criteria: ["<=1"] }] }
`
const JUNIT =
  '<testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>'

function evaluate(options: Partial<OfflineGateOptions>, files: Record<string, string>) {
  const all: Record<string, string> = { 'slo.yaml': SLO, ...files }
  return runOfflineGate({
    slo: 'slo.yaml',
    nowMs: Date.UTC(2026, 10, 22, 12),
    readText: (file) => {
      const found = all[file]
      if (found !== undefined) return Promise.resolve(found)
      return Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
    },
    ...options,
  })
}

test('one evaluation asks several providers, and reads what tests wrote', async () => {
  await using server = await startServer(({ url }) =>
    url.startsWith('/stats')
      ? { body: { length: 7 } }
      : {
          body: {
            status: 'success',
            data: { resultType: 'vector', result: [{ value: [0, '0.25'] }] },
          },
        },
  )
  const files = {
    'tiphys.yaml': `port: 1234\nproviders:\n  http-json: { name: stats, url: "${server.url}/stats", apiKeyEnv: STATS }\n`,
    'prometheus/sli.yaml': 'indicators: { rt: { query: a, scale: 1000, unit: ms } }\n',
    'q.yaml':
      'indicators: { queue: { query: "queues/{{ service }}", with: { value: $.length } } }\n',
    'tests.yaml': 'indicators: { error_rate: junit.failed }\n',
    'junit.xml': JUNIT,
  }
  const options = {
    connections: 'tiphys.yaml',
    provider: 'prometheus',
    url: server.url,
    service: 'carts',
    environment: { STATS: 'k3y' },
    testResults: ['junit:junit.xml'],
    sli: ['prometheus/sli.yaml', 'stats=q.yaml', 'test-results=tests.yaml'],
  }
  const answer = await evaluate(options, files)
  assert.equal(answer.complaint, null)
  assert.deepEqual(
    answer.explanation?.objectives.map(({ sli, provider, status }) => [sli, provider, status]),
    [
      ['rt', 'prometheus', 'pass'],
      ['queue', 'stats', 'pass'],
      ['error_rate', 'test-results', 'pass'],
    ],
  )
  assert.deepEqual(
    answer.evaluation?.indicatorResults?.map(({ value }) => value?.value),
    [250, 7, 1],
  )
  assert.equal(server.seen.find(({ url }) => url.startsWith('/stats'))?.headers['x-api-key'], 'k3y')

  const complaint = async (more: object) =>
    (await evaluate({ ...options, ...more }, files)).complaint
  assert.equal(
    await complaint({ environment: {} }),
    'tiphys.yaml: apiKey of providers.http-json stats: the environment variable STATS is not set',
  )
  assert.equal(
    await complaint({ sli: [...options.sli, 'datadog=q.yaml'] }),
    'queue is in stats/sli.yaml and datadog/sli.yaml: set sliProvider in tiphys/project.yaml to the one that counts, or take it out of the others; without a server --provider says it',
  )
  assert.match(
    String(await complaint({ sli: ['datadog=q.yaml'] })),
    /^there is no connection datadog: --provider datadog --url URL makes one, or --connections/,
  )
  assert.equal(
    await complaint({ provider: undefined, url: undefined, sli: ['q.yaml'] }),
    '--sli q.yaml: whose queries are these? Write --sli <provider>=q.yaml; there are stats, test-results',
  )
  assert.match(
    String(await complaint({ testResults: [] })),
    /^test-results has nothing to read: name files with --test-results$/,
  )
})

test('a failure in one of several files of results is not lost behind the next', async () => {
  const files = {
    'slo.yaml': 'objectives:\n  - { sli: checks_failed, pass: [{ criteria: ["=0"] }] }\n',
    'bad.xml': JUNIT,
    'good.xml': '<testsuite name="t" tests="1"><testcase name="c"/></testsuite>',
  }
  for (const testResults of [
    ['junit:bad.xml', 'junit:good.xml'],
    ['junit:good.xml', 'junit:bad.xml'],
  ]) {
    const answer = await evaluate({ testResults }, files)
    assert.equal(answer.complaint, null)
    assert.equal(answer.exitCode, 1, testResults.join())
  }
})

test('a file of results or connections that is none is named with its place', async () => {
  const problems = async (options: object, files: Record<string, string>) => {
    const answer = await evaluate(options, files)
    assert.equal(answer.exitCode, 2)
    return answer.problems.map(formatProblem)
  }
  const [broken] = await problems({ testResults: ['junit:r.xml'] }, { 'r.xml': '<testsuite><' })
  assert.match(broken ?? '', /^r\.xml:1:\d+: /)
  const connections = { connections: 'c.yaml', sli: ['prometheus=s.yaml'] }
  const [unknown] = await problems(connections, { 'c.yaml': 'providers: { prometeus: {} }\n' })
  assert.match(
    unknown ?? '',
    /^c\.yaml:1:14: unknown key prometeus in providers; did you mean prometheus\?/,
  )
})

test('a file in a folder of another provider is not asked of whoever there is', async () => {
  await using server = await startServer(() => ({ body: {} }))
  const sli = 'indicators: { rt: a, queue: b, error_rate: c }\n'
  const files = { 'dynatrace/sli.yaml': sli, 'team/sli.yaml': sli, 'mine.yaml': sli }
  const options = { provider: 'prometheus', url: server.url }
  const foreign = await evaluate({ ...options, sli: ['dynatrace/sli.yaml'] }, files)
  assert.equal(foreign.exitCode, 2)
  assert.match(foreign.complaint ?? '', /^there is no connection dynatrace: --provider dynatrace/)
  assert.equal(server.seen.length, 0)
  assert.equal((await evaluate({ ...options, sli: ['team/sli.yaml'] }, files)).exitCode, 3)
  const named = await evaluate({ ...options, sli: ['constructor=mine.yaml'] }, files)
  assert.match(named.complaint ?? '', /^there is no connection constructor: /)
})
