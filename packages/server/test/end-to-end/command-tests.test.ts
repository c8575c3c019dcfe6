import assert from 'node:assert/strict'
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ArtifactList } from '@tiphys/contract/http/native-artifact.ts'
import type { TestResultsAdded } from '@tiphys/contract/http/native-test-results.ts'
import { restoreDataFolder } from '../../src/offline-operations.ts'
import { writeBackupFile } from '../../src/operations/backup-file.ts'
import { NO_COMMANDS } from '../../src/settings/command-settings.ts'
import { send } from '../api/test-api.ts'
import { type Installation, openInstallation, TOKEN } from './harness.ts'
import { until } from './until.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: verify
          tasks: [{ name: test }, { name: evaluation }]
        - name: verify-elsewhere
          tasks: [{ name: test, properties: { executor: external } }, { name: evaluation }]
        - name: judge
          tasks: [{ name: approval }, { name: evaluation }]
`
const TESTS = `apiVersion: tiphys.dev/v1
tests:
  - name: e2e
    command: [node, tests/run.mjs]
    results: [{ format: junit, path: report.xml }]
    artifacts: ["report/**"]
`
const RUN = `import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
const { TIPHYS_LABEL_MARKER: marker } = process.env
if (marker && !existsSync(marker)) { writeFileSync(marker, String(process.pid)); await new Promise(() => setInterval(() => {}, 1000)) }
console.log('label', process.env.TIPHYS_LABEL_CASES)
const cases = process.env.TIPHYS_LABEL_CASES.split(' ').map((name) => '<testcase name="' + name + '">' + (name === 'bad' ? '<failure/>' : '') + '</testcase>')
writeFileSync('report.xml', '<testsuite>' + cases.join('') + '</testsuite>')
mkdirSync('report/ü <x>', { recursive: true })
writeFileSync('report/ü <x>/index.html', '<script>alert(1)</script>')
`
const SLO = `spec_version: "1.0"
objectives:
  - sli: junit.failed
    pass: [{ criteria: ["<=1"] }]
  - sli: checks_passed
    pass: [{ criteria: [">=2"] }]
total_score: { pass: "100%" }
`
/** An approval says nothing of when it was measured. */
const TIMEFRAME = { evaluation: { timeframe: '5m' } }
const report = (passed: number, failed: number) =>
  `<testsuite>${'<testcase name="a"/>'.repeat(passed)}${'<testcase name="b"><error/></testcase>'.repeat(failed)}</testsuite>`

describe('commands as tests, their files, and results from elsewhere', () => {
  let installation: Installation
  before(async () => {
    const path = `${dirname(process.execPath)}:/usr/bin:/bin`
    const commands = { ...NO_COMMANDS, isEnabled: true, allow: ['node'], path }
    installation = await openInstallation({ settings: { commands } })
    const { client } = installation
    await client.createProject('shop', SHIPYARD, ['carts'])
    await client.write(
      { project: 'shop' },
      {
        'tiphys/tests.yaml': TESTS,
        'tests/run.mjs': RUN,
        'tiphys/project.yaml': 'apiVersion: tiphys.dev/v1\nsliProvider: test-results\n',
      },
    )
    const place = { project: 'shop', stage: 'staging', service: 'carts' }
    await client.write(place, { 'slo.yaml': SLO })
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const verify = async (cases: string) => {
    const { client } = installation
    const data = { labels: { cases } }
    const context = await client.trigger({ sequence: 'verify', data })
    const ended = await client.ended(context)
    const run = ended.runs[0]
    assert.ok(run !== undefined)
    return { context, ended, run }
  }
  const artifactsOf = async (runId: string, token?: string) => {
    const path = `/api/tiphys/v1/runs/${runId}/artifacts`
    const { client } = installation
    const answer = await client.ask('GET', path, token === undefined ? {} : { token })
    return { status: answer.status, found: (answer.json as ArtifactList).artifacts }
  }
  const fetchFile = (url: string) =>
    fetch(`${installation.url}${url}`, { headers: { 'x-token': TOKEN } })

  it('judges a command by its report, and keeps what it left', async () => {
    const { ended, run } = await verify('good better bad')
    // The command itself ended with 0; the objective allows one failure.
    assert.equal(ended.verdict, 'pass', JSON.stringify(run.tasks))
    assert.match(
      String(run.tasks[0]?.message),
      /^e2e passed: failed: bad \(2 of 3 checks passed\)$/,
    )
    const { found } = await artifactsOf(run.id)
    assert.deepEqual(
      found.map(({ name, contentType }) => [name, contentType]),
      [
        ['test-0/e2e/output.log', 'text/plain; charset=utf-8'],
        ['test-0/e2e/report.xml', 'text/plain; charset=utf-8'],
        ['test-0/e2e/report/ü <x>/index.html', 'application/octet-stream'],
      ],
    )
    const [log, , page] = found
    assert.ok(log !== undefined && page !== undefined)
    assert.equal(await (await fetchFile(log.url)).text(), 'label good better bad\n')
    const answer = await fetchFile(page.url)
    assert.equal(await answer.text(), '<script>alert(1)</script>')
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('content-security-policy'), "sandbox; default-src 'none'")
    assert.match(
      String(answer.headers.get('content-disposition')),
      /^attachment; filename="index\.html"/,
    )
  })

  it('says no where there is nothing, or nothing for this token', async () => {
    const { run } = await verify('good better')
    const { client, url } = installation
    const base = `/api/tiphys/v1/runs/${run.id}/artifacts`
    for (const name of ['nothing', '..%2f..%2ftiphys.db', 'test-0/e2e/../../../../tiphys.db']) {
      const answer = await send(url, 'GET', `${base}/${name}`, { token: TOKEN })
      assert.equal(answer.status, 404, name)
    }
    const other = await client.mintToken(`reads-other-${run.id.slice(-6)}`, ['read'], ['other'])
    assert.equal((await artifactsOf(run.id, other)).status, 404)
    assert.equal((await artifactsOf('no-such-run')).status, 404)
  })

  it('says of a file what this server would not run', async () => {
    const text = TESTS.replace('command: [node,', 'command: [k6,')
    const body = { files: { 'tiphys/tests.yaml': text, 'other/tests.yaml': TESTS } }
    const answer = await installation.client.ask('POST', '/api/tiphys/v1/lint', { body })
    const { problems } = answer.json as { problems: readonly object[] }
    const message =
      'e2e runs k6, and this server runs only node; its operator can add k6 to commands.allow in tiphys.yaml'
    const place = { file: 'tiphys/tests.yaml', line: 4, column: 5 }
    assert.deepEqual(problems, [{ severity: 'warning', ...place, message }])
  })

  const upload = (query: string, body: object, token = TOKEN) =>
    installation.client.ask('POST', `/api/tiphys/v1/test-results?${query}`, { body, token })
  const HERE = 'project=shop&stage=staging&service=carts'
  const files = (text: string) => ({ files: [{ name: 'report.xml', format: 'junit', text }] })

  it('refuses results for a place that is not there, and keeps no more parts than travel well', async () => {
    const context = '&context=nowhere'
    for (const [place, word] of [
      ['project=shop&stage=stagin&service=carts', 'stage'],
      ['project=shop&stage=staging&service=cart', 'service'],
    ] as const) {
      const answer = await upload(`${place}${context}`, files(report(1, 0)))
      assert.equal(answer.status, 404, answer.text)
      assert.match(answer.text, new RegExp(word, 'i'))
    }
    const suites = (file: number) =>
      Array.from(
        { length: 30 },
        (_, at) => `<testsuite name="s${file}-${at}"><testcase name="a"/></testsuite>`,
      )
    const many = [1, 2, 3].map((file) => ({
      name: `${file}.xml`,
      format: 'junit',
      text: `<testsuites>${suites(file).join('')}</testsuites>`,
    }))
    const answer = await upload(`${HERE}${context}`, { files: many })
    assert.equal(answer.status, 200, answer.text)
    const { results } = answer.json as TestResultsAdded
    assert.equal(results['checks_passed'], 90)
    assert.equal(Object.keys(results['targets'] ?? {}).length, 40)
  })

  it('takes a report for an open test task of somebody else', async () => {
    const { client } = installation
    const context = await client.trigger({ sequence: 'verify-elsewhere' })
    await client.openTask(context, 'test')
    const trigger = await client.mintToken('pipeline-triggers', ['trigger', 'read'], ['shop'])
    assert.equal((await upload(HERE, files(report(3, 1)), trigger)).status, 403)
    const wrong = await upload(HERE, files('<testsuite>\n<testcase>'))
    assert.equal(wrong.status, 400)
    assert.match(wrong.text, /report\.xml:2:\d+: this is not valid XML: unclosed tag: testcase/)
    const answer = await upload(HERE, { ...files(report(3, 1)), result: 'pass' })
    assert.equal(answer.status, 200, answer.text)
    const added = answer.json as TestResultsAdded
    assert.deepEqual([added.to, added.keptnContext, added.result], ['task', context, 'pass'])
    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass', answer.text)
    assert.equal(ended.runs[0]?.tasks[0]?.message, '1 result file(s): 3 of 4 checks passed')
    const again = await upload(HERE, files(report(1, 1)))
    assert.equal(again.status, 404)
    assert.match(
      again.text,
      /no test task for carts in staging waits for an answer; name a context/,
    )
  })

  it('finishes the task that is named, in its own place only', async () => {
    const { client } = installation
    const context = await client.trigger({ sequence: 'verify-elsewhere' })
    const task = await client.openTask(context, 'test')
    const body = files(report(1, 2))
    const wrong = [
      [`${HERE}&task=nothing`, /no open test task nothing/],
      [`project=shop&stage=staging&service=orders&task=${task}`, /no open test task /],
      [`project=nothing&stage=staging&service=carts`, /Project not found: nothing/],
      [`${HERE}&context=another-one&task=${task}`, /no open test task /],
    ] as const
    for (const [query, expected] of wrong) {
      const answer = await upload(query, body)
      assert.equal(answer.status, 404, query)
      assert.match(answer.text, expected)
    }
    const answer = await upload(`${HERE}&task=${task}`, body)
    assert.equal((answer.json as TestResultsAdded).result, 'fail')
    assert.equal((await client.ended(context)).runs[0]?.tasks[0]?.result, 'fail')
  })

  it('uses results that were handed in for a context, also after a restart', async () => {
    const { client } = installation
    const context = await client.trigger({ sequence: 'judge', data: TIMEFRAME })
    const approval = await client.openTask(context, 'approval')
    const query = `${HERE}&context=${context}`
    assert.equal((await upload(query, { ...files(report(0, 9)), name: 'api' })).status, 200)
    assert.equal((await upload(query, { ...files(report(1, 0)), name: 'ui' })).status, 200)
    // The newest of a name counts, and both names together.
    const answer = await upload(query, { ...files(report(1, 1)), name: 'api' })
    assert.equal((answer.json as TestResultsAdded).to, 'context')
    await installation.restart()
    const path = `/api/tiphys/v1/approvals/${approval}`
    assert.equal((await client.ask('POST', path, { body: { decision: 'pass' } })).status, 200)
    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass', JSON.stringify(ended.runs[0]?.tasks))
  })

  it('ends a command when the server stops, and runs it again from the start', async () => {
    const { client, folder } = installation
    const marker = join(folder, 'marker')
    const data = { labels: { cases: 'good better', marker } }
    const context = await client.trigger({ sequence: 'verify', data })
    const pid = await until('the command runs', async () => {
      const text = await readFile(marker, 'utf8').catch(() => '')
      return text === '' ? undefined : Number(text)
    })
    await installation.restart()
    assert.throws(() => process.kill(pid, 0), /ESRCH/)
    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass')
    const message = String(ended.runs[0]?.tasks[0]?.message)
    assert.match(message, /^e2e passed .* \(run again from the start after a restart\)$/)
  })

  it('keeps them in a backup, and lets them go with their context', async () => {
    const { client, settings, folder, url } = installation
    const kept = await verify('good better')
    const gone = await verify('good better')
    const projectId = await projectIdOf(installation)
    const folderOf = (runId: string) => join(settings.dataDir, 'artifacts', projectId, runId)
    await access(folderOf(gone.run.id))
    const deletion = `/api/tiphys/v1/contexts/${gone.context}?project=shop`
    assert.equal((await client.ask('DELETE', deletion)).status, 200)
    await assert.rejects(access(folderOf(gone.run.id)))
    const file = join(folder, 'backup.tar')
    await writeBackupFile(file, async () => {
      const headers = { 'x-token': TOKEN }
      const answer = await fetch(`${url}/api/tiphys/v1/backup`, { method: 'POST', headers })
      assert.ok(answer.ok && answer.body !== null)
      return answer.body
    })
    await installation.stop()
    await rm(settings.dataDir, { recursive: true })
    await restoreDataFolder({ file, dataDir: settings.dataDir })
    // Files of a run that nobody knows go at the next start.
    const orphan = join(settings.dataDir, 'artifacts', projectId, 'orphan')
    await mkdir(orphan)
    await writeFile(join(orphan, '0-1.json'), '[]')
    await installation.start()
    const { found } = await artifactsOf(kept.run.id)
    assert.equal(found.length, 3)
    assert.equal(await (await fetchFile(found[0]?.url ?? '')).text(), 'label good better\n')
    await until('the orphan is gone', () =>
      access(orphan).then(
        () => undefined,
        () => true,
      ),
    )
    assert.equal((await client.ask('DELETE', '/api/controlPlane/v1/project/shop')).status, 200)
    await assert.rejects(access(join(settings.dataDir, 'artifacts', projectId)))
  })
})

async function projectIdOf({ settings }: Installation): Promise<string> {
  const [id] = await readdir(join(settings.dataDir, 'artifacts'))
  assert.ok(id !== undefined)
  return id
}
