import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { prometheusAt } from '../prometheus-connection.ts'
import { type Installation, openInstallation } from './harness.ts'
import { createShop, PROJECT_YAML, SHIPYARD, SLO_YAML, TESTS_YAML } from './project-files.ts'
import { until } from './until.ts'

/** A provider that does not answer until it is told to: an evaluation in the middle of its work. */
async function startHesitantPrometheus() {
  let isTold = false
  let asked = 0
  const waiting = new Set<() => void>()
  const server: Server = createServer((request, response) => {
    asked += 1
    request.resume()
    const answer = () => {
      const result = [{ metric: {}, value: [0, '120'] }]
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
    }
    if (isTold) answer()
    else waiting.add(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    answer() {
      isTold = true
      for (const one of waiting) one()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('the server is restarted in the middle', () => {
  let installation: Installation
  let prometheus: Awaited<ReturnType<typeof startHesitantPrometheus>>
  before(async () => {
    prometheus = await startHesitantPrometheus()
    installation = await openInstallation({
      argocd: { applications: [{ stage: 'staging' }] },
      settings: { providers: [prometheusAt(prometheus.url)] },
    })
    await createShop(installation, {
      shipyard: SHIPYARD,
      slo: SLO_YAML,
      tests: TESTS_YAML,
      project: PROJECT_YAML.replace('test-results', 'prometheus'),
    })
  })
  after(async () => {
    await installation[Symbol.asyncDispose]()
    await prometheus[Symbol.asyncDispose]()
  })

  it('of a deployment, a test and an evaluation: each goes on, and nothing is done twice', async () => {
    const { client, argocd } = installation
    const commits = (await argocd.gitops.subjects()).length
    const syncs = argocd.counts('staging').syncsAccepted
    const context = await client.trigger({ image: 'sample:1.1.0-lazy1' })

    await until('an accepted sync', () =>
      argocd.counts('staging').syncsAccepted > syncs ? true : undefined,
    )
    await installation.restart()
    assert.equal((await client.context(context)).open, true)

    await client.openTask(context, 'test')
    const metrics = new URL('metrics', argocd.simulator.ingressUrl('carts-staging'))
    await until('requests of the test', async () =>
      /^http_requests_total\{.*\} [1-9]/m.test(await (await fetch(metrics)).text())
        ? true
        : undefined,
    )
    await installation.restart()
    await until('the evaluation to ask', () => (prometheus.asked() > 0 ? true : undefined))
    await installation.restart()
    prometheus.answer()

    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass', ended.reason)
    const [run] = ended.runs
    assert.deepEqual(
      run?.tasks.map((task) => [task.name, task.attempt, task.result]),
      [
        ['deployment', 1, 'pass'],
        ['test', 1, 'pass'],
        ['evaluation', 1, 'pass'],
      ],
    )
    assert.match(run?.tasks[1]?.message ?? '', /run again from the start after a restart/)
    assert.equal((await argocd.gitops.subjects()).length, commits + 1, 'one commit')
    assert.equal(argocd.counts('staging').syncsAccepted, syncs + 1, 'one sync')
  })
})
