import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { createTestResultsProvider } from '@tiphys/providers/sli/test-results-provider.ts'
import { resultsOf, runTask } from '../load/test-task.ts'
import { openCommandWorld } from './command-world.ts'

const COMMON = 'apiVersion: tiphys.dev/v1\ntests:\n'
const script = (more = '') => `${COMMON}  - { name: e2e, command: [node, run.mjs], ${more} }\n`

const JUNIT = `<testsuites><testsuite name="cart">
  <testcase name="adds"/><testcase name="pays"><failure/></testcase></testsuite>
  <testsuite name="price"><testcase name="taxes"/></testsuite></testsuites>`

test('a command that ends with 0 passes; its output is kept, and is one check', async () => {
  await using world = await openCommandWorld()
  const answer = await world.run({
    file: script(),
    files: { 'run.mjs': `console.log('all is well'); console.error('or so')` },
  })
  assert.equal(answer.result, 'pass')
  assert.equal(answer.message, 'e2e passed')
  assert.equal(await world.text('test-1/e2e/output.log'), 'all is well\nor so\n')
  const { checks_passed, checks_failed } = resultsOf(answer)
  assert.deepEqual([checks_passed, checks_failed], [1, 0])
  const { artifacts } = (answer.data?.['test'] ?? {}) as JsonObject
  const url = 'https://tiphys.example.com/api/tiphys/v1/runs/run-1/artifacts'
  assert.deepEqual(artifacts, { run: 'run-1', count: 1, url })
})

test('the environment is what was named, and nothing of the server', async () => {
  process.env['TIPHYS_API_TOKEN'] = 'the-token'
  process.env['TIPHYS_SECRET_KEY'] = 'the-key'
  process.env['SOME_PASSWORD'] = 'of-the-server'
  try {
    await using world = await openCommandWorld({ environment: { PASSED: 'by the operator' } })
    const answer = await world.run({
      file: `${COMMON}  - name: e2e
    target: http://127.0.0.1:9/shop/
    command: [node, -p, JSON.stringify(process.env)]
    environment: { CI: true, WHO: "{{stage}}" }
`,
      data: { labels: { 'build id': '7', version: 'v2', list: [1] } },
    })
    assert.equal(answer.result, 'pass', answer.message)
    const seen = JSON.parse(await world.text('test-1/e2e/output.log')) as Record<string, string>
    const { HOME = '', TMPDIR = '', PATH, ...rest } = seen
    assert.match(HOME, /tiphys-command-[^/]*\/home$/)
    assert.match(TMPDIR, /tiphys-command-[^/]*\/tmp$/)
    assert.equal(PATH, world.powers.settings.path)
    assert.deepEqual(rest, {
      LANG: 'C.UTF-8',
      PASSED: 'by the operator',
      CI: 'true',
      WHO: '{{stage}}',
      TARGET_URL: 'http://127.0.0.1:9/shop',
      TIPHYS_PROJECT: 'sockshop',
      TIPHYS_STAGE: 'staging',
      TIPHYS_SERVICE: 'carts',
      TIPHYS_SEQUENCE: 'delivery',
      TIPHYS_CONTEXT: 'context-1',
      TIPHYS_RUN: 'run-1',
      TIPHYS_LABEL_BUILD_ID: '7',
      TIPHYS_LABEL_VERSION: 'v2',
      TIPHYS_LABEL_LIST: '[1]',
    })
  } finally {
    for (const name of ['TIPHYS_API_TOKEN', 'TIPHYS_SECRET_KEY', 'SOME_PASSWORD']) {
      delete process.env[name]
    }
  }
})

test('what runs comes from the file: an event that names a command changes nothing', async () => {
  await using world = await openCommandWorld()
  const evil = { command: ['node', '-e', 'console.log("owned")'], environment: { PATH: '/evil' } }
  const answer = await world.run({
    file: `${COMMON}  - { name: e2e, command: [node, -p, '"mine"'] }\n`,
    data: { ...evil, test: evil, tests: [{ name: 'e2e', ...evil }], labels: {} },
  })
  assert.equal(answer.result, 'pass', answer.message)
  assert.equal(await world.text('test-1/e2e/output.log'), 'mine\n')
})

test('results of several formats, thresholds, and files that are kept', async () => {
  await using world = await openCommandWorld()
  const answer = await world.run({
    file: `${COMMON}  - name: e2e
    command: [node, ../run.mjs]
    workingDirectory: suite
    files: [run.mjs, "suite/**"]
    results:
      - { format: junit, path: "reports/*.xml" }
      - { format: tiphys, path: own.json }
    artifacts: ["shots/**"]
    thresholds: { checks_failed: "<=0", response_time_p95: { pass: "<10ms", warning: "<50ms" } }
`,
    files: {
      'run.mjs': `
        import { mkdirSync, writeFileSync, readdirSync, symlinkSync } from 'node:fs'
        mkdirSync('reports'); mkdirSync('shots/a', { recursive: true })
        writeFileSync('reports/a.xml', ${JSON.stringify(JUNIT)}); writeFileSync('reports/b.xml', ${JSON.stringify(JUNIT)})
        writeFileSync('own.json', JSON.stringify({ requests: 10, response_time_p95: 41, queue: { depth: 3 } }))
        writeFileSync('shots/a/x.png', 'png'); symlinkSync('/etc/passwd', 'shots/a/link.png')
        console.log(readdirSync('.').join(), readdirSync('..').join())`,
      'suite/data.txt': 'data',
      'other.txt': 'not asked for',
    },
  })
  assert.equal(answer.result, 'fail')
  assert.equal(
    answer.message,
    'e2e failed: checks_failed is 2, not <=0; response_time_p95 is 41 ms, not <10 ms; failed: pays, pays (4 of 6 checks passed, 10 requests, p95 41 ms)',
  )
  const log = await world.text('test-1/e2e/output.log')
  assert.equal(log, 'data.txt,own.json,reports,shots run.mjs,suite\n')
  assert.deepEqual(
    (await world.kept()).map(({ name }) => name),
    ['output.log', 'reports/a.xml', 'reports/b.xml', 'own.json', 'shots/a/x.png'].map(
      (name) => `test-1/e2e/${name}`,
    ),
  )
  const provider = createTestResultsProvider(resultsOf(answer), 'run-1')
  const window = { startMs: 0, endMs: 1 }
  const scope = { project: '', stage: '', service: '', deployment: '', labels: {}, filters: {} }
  const ask = async (indicator: string) => {
    const wish = { indicator, query: undefined, window, scope }
    const value = await provider.fetchValue(wish)
    return value.success ? value.value : value.message
  }
  assert.equal(await ask('junit.failed'), 2)
  assert.equal(await ask('junit.pass_rate'), 66.667)
  assert.equal(await ask('response_time_p95'), 41)
  assert.equal(await ask('queue.depth'), 3)
  assert.equal(await ask('targets.e2e.checks_failed'), 2)
  assert.equal(await ask('targets["e2e/cart"].checks_failed'), 1)
})

const ENDINGS: readonly (readonly [string, string, RegExp])[] = [
  [
    'process.exitCode = 3; console.log("\\u001b[31mno such page\\u001b[0m\\n")',
    '',
    /^e2e failed: it ended with exit code 3; no such page$/,
  ],
  ['process.kill(process.pid, "SIGKILL")', '', /^e2e failed: it was ended by SIGKILL$/],
  [
    'setInterval(() => {}, 1000)',
    'timeout: 1s',
    /^e2e failed: it took longer than 1s and was ended$/,
  ],
  [
    '',
    'results: [{ format: junit, path: report.xml }]',
    /^e2e failed: it wrote no report\.xml \(junit\)$/,
  ],
  [
    `import { writeFileSync } from 'node:fs'; writeFileSync('r.xml', '<testsuite>\\n<testcase>')`,
    'results: [{ format: junit, path: r.xml }]',
    /^e2e failed: r\.xml:2:\d+: this is not valid XML: unclosed tag: testcase$/,
  ],
  [
    `import { writeFileSync } from 'node:fs'; writeFileSync('r.json', Buffer.from([0x7b, 0xff]))`,
    'results: [{ format: k6, path: r.json }]',
    /^e2e failed: r\.json:1:1: the file is not text in UTF-8$/,
  ],
]

for (const [source, more, expected] of ENDINGS) {
  test(`an end of a command: ${expected.source}`, async () => {
    await using world = await openCommandWorld()
    const answer = await world.run({ file: script(more), files: { 'run.mjs': source } })
    assert.match(answer.message, expected)
    assert.deepEqual([answer.status, answer.result], ['succeeded', 'fail'])
  })
}

const REFUSED: readonly (readonly [Parameters<typeof openCommandWorld>[0], string, string])[] = [
  [
    { isEnabled: false },
    'k6',
    'e2e runs k6, and this server runs no commands; its operator can allow it in tiphys.yaml with commands: { enabled: true, allow: [k6] }',
  ],
  [
    { allow: ['node', '/opt/jmeter/bin/jmeter'] },
    'k6',
    'e2e runs k6, and this server runs only node, /opt/jmeter/bin/jmeter; its operator can add k6 to commands.allow in tiphys.yaml',
  ],
  [
    {},
    'no-such-program',
    'e2e: no-such-program was not started: there is no such program in the PATH of commands',
  ],
  [
    { allow: ['/nowhere/k6'] },
    'k6',
    'e2e: k6 was not started: there is no such program in the PATH of commands',
  ],
]

for (const [settings, program, message] of REFUSED) {
  test(`${program} is refused with ${JSON.stringify(settings)}`, async () => {
    await using world = await openCommandWorld(settings)
    const answer = await world.run({ file: `${COMMON}  - { name: e2e, command: [${program}] }\n` })
    assert.equal(answer.message, message)
    assert.deepEqual([answer.status, answer.result], ['errored', 'fail'])
  })
}

test('arguments that are longer than the system takes are a reason, and no crash', async () => {
  await using world = await openCommandWorld()
  const end = await world.powers.processes.run({
    program: 'node',
    arguments: Array.from({ length: 300 }, () => 'x'.repeat(16_000)),
    workingDirectory: world.folder,
    folder: world.folder,
    environment: { PATH: world.powers.settings.path },
    timeoutMs: 1_000,
    signal: new AbortController().signal,
    onOutput: () => undefined,
  })
  const reason = 'its arguments and environment are longer than the system takes'
  assert.deepEqual(end, { code: 'not-started', reason })
})

test('without powers no command runs, and nothing else of the file either', async () => {
  await using world = await openCommandWorld()
  const task = world.task({ file: `${COMMON}  - { name: e2e, command: [node] }\n` })
  const answer = await runTask(task)
  assert.match(answer.message, /this server runs no commands/)
})

test('an address of the event must be one of the targets, also for a command', async () => {
  await using world = await openCommandWorld()
  const data = { deployment: { deploymentURIsLocal: ['http://evil.example.com'] } }
  const file = `${COMMON}  - { name: e2e, command: [node, --version] }\n`
  const refused = await world.run({ file, data, settings: { targets: ['shop.example.com'] } })
  assert.match(refused.message, /the host evil\.example\.com .* may not be tested/)
  assert.equal(refused.status, 'errored')
})

test('secrets are masked in the log and in messages, also in lines that come in pieces', async () => {
  await using world = await openCommandWorld()
  const answer = await world.run({
    file: script(),
    files: {
      'run.mjs': `process.stdout.write('key: hunter2'); setTimeout(() => {
        process.stdout.write('secret\\n'); process.exitCode = 1 }, 50)`,
    },
  })
  assert.equal(answer.message, 'e2e failed: it ended with exit code 1; key: ***')
  assert.equal(await world.text('test-1/e2e/output.log'), 'key: ***\n')
})

test('a log and files end at their limits, and say so', async () => {
  await using world = await openCommandWorld(
    { maxOutputBytes: 2_000 },
    { maxFileBytes: 3_000, maxRunBytes: 6_000 },
  )
  const answer = await world.run({
    file: script('artifacts: ["*.bin"]'),
    files: {
      'run.mjs': `import { writeFileSync } from 'node:fs'
        for (let line = 0; line < 500; line++) console.log('line ' + line)
        writeFileSync('a.bin', Buffer.alloc(4000)); writeFileSync('b.bin', Buffer.alloc(2500))
        writeFileSync('c.bin', Buffer.alloc(2500))`,
    },
  })
  assert.equal(answer.result, 'pass')
  assert.match(
    answer.message,
    /a\.bin is larger than 3000 bytes and was not kept; 1 of its files was not kept: a run keeps at most 6000 bytes/,
  )
  const log = await world.text('test-1/e2e/output.log')
  assert.match(log, /^line 0\n[\s\S]*\n\[\d+ more bytes were not kept\]\n$/)
  assert.ok(log.length < 2_100)
  assert.deepEqual((await world.kept()).map(({ name }) => name).slice(1), ['test-1/e2e/b.bin'])
})

test('a log that there is no room for is missed, and no crash', async () => {
  await using world = await openCommandWorld({}, { maxRunBytes: 5_000 })
  const answer = await world.run({
    file: script(),
    files: {
      'run.mjs': `for (let line = 0; line < 2000; line++) console.log('line ' + line)
        await new Promise((resolve) => setTimeout(resolve, 100)); console.log('end')`,
    },
  })
  assert.equal(answer.result, 'pass')
  assert.equal(
    answer.message,
    'e2e passed: its output was not kept: the run has as many files as it may keep',
  )
  assert.deepEqual(await world.kept(), [])
})

test('a service that failed its checks is put under no load by a command either', async () => {
  await using world = await openCommandWorld()
  const answer = await world.run({
    file: `${COMMON}  - { name: smoke, command: [node, -e, process.exit(1)] }
  - { name: k6, command: [node, --version], results: [{ format: k6, path: summary.json }] }
  - { name: after, command: [node, --version] }
`,
  })
  assert.match(answer.message, /k6 was not run, because checks failed/)
  assert.ok(isJsonObject(resultsOf(answer).targets['after']))
  assert.equal(resultsOf(answer).targets['k6'], undefined)
})
