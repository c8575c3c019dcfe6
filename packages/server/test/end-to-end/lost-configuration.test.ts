import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { keptnInBranches } from '../git/upstream-world.ts'
import { openGitHttp } from '../peers/git-http.ts'
import { openInstallation } from './harness.ts'
import { until } from './until.ts'

const PROJECT = '/api/controlPlane/v1/project'
const RESOURCES = '/api/resource-service/v1/project'
const LOST = /the local copy of the configuration is lost, and .*\/shop: it cannot be reached/

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
            - name: mytask
            - name: approval
    - name: prod
      sequences:
        - name: delivery
          tasks:
            - name: mytask
`

test('runs whose configuration is lost while its host is down wait for it, and hold up nobody', async () => {
  await using host = await openGitHttp()
  await keptnInBranches({ host }, 'shop', SHIPYARD)
  const lines: string[] = []
  const say = (data: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(data)}`)
  }
  const log = { debug() {}, info: say, warn: say, error: say }
  await using installation = await openInstallation({ overrides: { log } })
  const { client, settings } = installation
  const body = { name: 'shop', gitCredentials: { remoteURL: host.urlOf('shop') } }
  assert.equal((await client.ask('POST', PROJECT, { body })).status, 201)
  const folder = join(settings.dataDir, 'configuration')
  const [copy = ''] = await readdir(folder)
  await client.createProject('other', SHIPYARD, ['carts'])
  const context = await client.trigger({ stage: 'dev' })
  const task = await client.openTask(context, 'mytask')
  const behind = await client.trigger({ stage: 'dev' })
  const reasons = async (of: string) => {
    const answer = await client.ask('GET', `/api/tiphys/v1/contexts/${of}/why`)
    const { waiting } = answer.json as { waiting: { code: string; message: string }[] }
    return waiting.map(({ code, message }) => `${code}: ${message}`)
  }

  await installation.stop()
  await rm(join(folder, copy), { recursive: true })
  await host.goDown()
  await installation.start()
  const elsewhere = await client.trigger({ project: 'other', stage: 'dev' })
  await client.report(await client.openTask(elsewhere, 'mytask'), { result: 'pass' })
  await client.openTask(elsewhere, 'approval')
  const told = lines.filter((line) => line.includes('"shop"') && LOST.test(line))
  assert.ok(told[0]?.startsWith('the configuration of a project cannot be had'), lines.join('\n'))
  for (const one of [context, behind]) {
    const [reason = '', ...others] = await reasons(one)
    assert.match(reason, /^configuration: /)
    assert.match(reason, LOST)
    assert.deepEqual(others, [])
  }
  const place = { project: 'shop', stage: 'dev', service: 'carts' }
  const refused = await Promise.all([
    client.post({ stage: 'dev' }),
    client.ask('POST', `/api/tiphys/v1/tasks/${task}/result`, { body: { result: 'pass' } }),
    client.ask('POST', `/api/tiphys/v1/contexts/${context}/control`, { body: { action: 'abort' } }),
    client.ask('GET', `${RESOURCES}/shop/stage/dev/service/carts/resource/slo.yaml`),
    client.ask('GET', `${RESOURCES}/shop/resource`),
    client.tryToWrite(place, { 'slo.yaml': 'x' }),
    client.ask('POST', `${PROJECT}/shop/service`, { body: { serviceName: 'late' } }),
    client.ask('DELETE', `${PROJECT}/shop/service/carts`),
    client.ask('POST', `${PROJECT}/shop/stage/dev/service/carts/evaluation`, { body: {} }),
  ])
  for (const [index, answer] of refused.entries()) {
    assert.equal(answer.status, 424, `${index}: ${answer.text}`)
    assert.match(answer.text, LOST)
  }

  await host.comeBack()
  // What looks every 30 s is asked to look now.
  await client.ask('GET', '/api/tiphys/v1/projects/shop/upstream')
  await until('the configuration to be back', async () => {
    const [reason] = await reasons(context)
    return reason?.startsWith('configuration: ') ? undefined : true
  })
  await until('the runs to go on', async () => {
    const [reason] = await reasons(context)
    return reason?.includes('mytask') ? true : undefined
  })
  await until('the one behind it to wait for its lane alone', async () => {
    const [reason] = await reasons(behind)
    return reason?.startsWith('lane: ') ? true : undefined
  })
  await client.report(task, { result: 'pass' })
  // At its approval it makes way for the newer one.
  await client.openTask(behind, 'mytask')
  assert.match((await client.ended(context)).runs[0]?.reason ?? '', /^superseded by the newer run/)
})
