import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startRealServer, TOKEN } from './real-server.ts'
import type { Cli } from './run-cli.ts'

const FILES = {
  'shipyard.yaml': `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: verify
          tasks: [{ name: test }]
        - name: elsewhere
          tasks: [{ name: test, properties: { executor: external } }, { name: evaluation }]
`,
  'tests.yaml': `tests:
  - name: e2e
    command: [node, -e, "console.log('it ran')"]
    artifacts: [none.txt]
`,
  'project.yaml': 'sliProvider: test-results\n',
  'slo.yaml': `spec_version: "1.0"
objectives:
  - sli: junit.failed
    pass: [{ criteria: ["<=0"] }]
`,
  'good.xml': '<testsuite><testcase name="adds"/></testsuite>',
  'bad.xml': '<testsuite><testcase name="adds"></testsuite>',
}
const HERE = ['--project', 'shop', '--stage', 'staging', '--service', 'carts']

async function must(cli: Cli, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(args)
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A project with one service, by plain HTTP: each command of the CLI is a process. */
async function prepare(url: string): Promise<void> {
  async function post(path: string, body: object): Promise<void> {
    const headers = { 'x-token': TOKEN, 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`)
  }
  const projects = '/api/controlPlane/v1/project'
  await post(projects, { name: 'shop', shipyard: base64(FILES['shipyard.yaml']) })
  await post(`${projects}/shop/service`, { serviceName: 'carts' })
  const resources = (files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([resourceURI, text]) => ({
      resourceURI,
      resourceContent: base64(text),
    }))
  const own = '/api/resource-service/v1/project/shop'
  const ofProject = {
    'tiphys/tests.yaml': FILES['tests.yaml'],
    'tiphys/project.yaml': FILES['project.yaml'],
  }
  await post(`${own}/resource`, { resources: resources(ofProject) })
  const ofService = { 'slo.yaml': FILES['slo.yaml'] }
  await post(`${own}/stage/staging/service/carts/resource`, { resources: resources(ofService) })
}

test('a command test, its files, and results that were handed in', async (t) => {
  const { cli, url } = await startRealServer(t, ['--allow-commands'])
  for (const name of ['good.xml', 'bad.xml'] as const) {
    writeFileSync(join(cli.home, name), FILES[name])
  }
  await prepare(url)

  const verify = ['trigger', 'sequence', 'verify', ...HERE, '--wait', '-o', 'json']
  const { keptnContext } = JSON.parse(await must(cli, ...verify)) as { keptnContext: string }
  const byContext = ['get', 'artifacts', '--keptn-context', keptnContext]
  const listed = await must(cli, ...byContext)
  assert.match(listed, /TIME +SIZE +RUN +NAME\n.* test-0\/e2e\/output\.log\n$/)
  assert.equal(await must(cli, ...byContext, '--show', 'test-0/e2e/output.log'), 'it ran\n')
  await must(cli, ...byContext, '--download', 'saved')
  const saved = join(cli.home, 'saved', 'test-0', 'e2e', 'output.log')
  assert.equal(readFileSync(saved, 'utf8'), 'it ran\n')
  const missing = await cli.run([...byContext, '--show', 'nothing'])
  assert.deepEqual(
    [missing.code, missing.stderr],
    [2, 'tiphys: there is no artifact nothing; there are test-0/e2e/output.log\n'],
  )

  const results = ['add', 'test-results', ...HERE]
  const early = await cli.run([...results, 'junit:good.xml'])
  assert.equal(early.code, 2)
  assert.match(
    early.stderr,
    /^tiphys: no test task for carts in staging waits for an answer; name a cont/,
  )
  const elsewhere = cli.start(['trigger', 'sequence', 'elsewhere', ...HERE, '--wait'])
  await elsewhere.printed('test')
  const wrong = await cli.run([...results, 'bad.xml', '--format', 'junit'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /bad\.xml:1:\d+: this is not valid XML: unexpected close tag/)
  const unknown = await cli.run([...results, 'good.xml'])
  assert.match(
    unknown.stderr,
    /^tiphys: the format of good\.xml is not known: give --format, or write junit:/,
  )
  assert.match(await must(cli, ...results, 'junit:good.xml'), /^The test task is finished: pass /)
  assert.equal((await elsewhere.ended).code, 0)
  assert.deepEqual(readdirSync(join(cli.home, 'data', 'commands')), [])
})
