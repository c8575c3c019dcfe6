import { after, before, describe, it } from 'node:test'
import type { Answer } from '../api/test-api.ts'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import { assertGolden } from './golden.ts'
import { answered, type Situation } from './situation.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks:
            - name: approval
            - name: deployment
              properties: { executor: external }
`

const GUESSES = 40

describe('what users read: tokens', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation()
    const { client } = installation
    for (const name of ['shop', 'other']) await client.createProject(name, SHIPYARD, ['carts'])
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const situations: Situation[] = []
  const note = (situation: string, answer: Answer) => situations.push(answered(situation, answer))

  it('refuses who has no token, or one that is too narrow', async () => {
    const { client } = installation
    const ask = (token: string | undefined, method: string, path: string, body?: unknown) =>
      client.ask(method, path, { token, ...(body === undefined ? {} : { body }) })
    const projects = '/api/controlPlane/v1/project'
    note('no token', await ask(undefined, 'GET', projects))
    note('a wrong token', await ask('wrong', 'GET', projects))
    const reader = await client.mintToken('reader', ['read'])
    const trigger = await client.mintToken('ci', ['trigger'], ['shop'])
    const answerer = await client.mintToken('deployer', ['answer'], ['shop'])
    const data = { project: 'shop', stage: 'staging', service: 'carts' }
    const start = { type: 'sh.keptn.event.staging.delivery.triggered', source: 'ci', data }
    note('a read token that triggers', await ask(reader, 'POST', '/api/v1/event', start))
    note('a trigger token that reads', await ask(trigger, 'GET', `${projects}/shop`))
    const elsewhere = { ...start, data: { ...data, project: 'other' } }
    note('a token of another project', await ask(trigger, 'POST', '/api/v1/event', elsewhere))
    note(
      'a trigger token that configures',
      await ask(trigger, 'POST', `${projects}/shop/service`, { serviceName: 'orders' }),
    )
    const context = await client.trigger()
    const id = await client.openTask(context, 'approval')
    const approve = {
      type: 'sh.keptn.event.approval.finished',
      triggeredid: id,
      data: { ...data, result: 'pass' },
    }
    note(
      'an answer token that approves by event',
      await ask(answerer, 'POST', '/api/v1/event', approve),
    )
    const native = `/api/tiphys/v1/approvals/${id}`
    note('an answer token that approves', await ask(answerer, 'POST', native, { decision: 'pass' }))
    note(
      'an answer token that approves as if it were any task',
      await ask(answerer, 'POST', `/api/tiphys/v1/tasks/${id}/result`, { result: 'pass' }),
    )
    note(
      'a trigger token that answers a task',
      await ask(trigger, 'POST', `/api/tiphys/v1/tasks/${id}/result`, { result: 'pass' }),
    )
    note(
      'a read token that mints tokens',
      await ask(reader, 'POST', '/api/tiphys/v1/tokens', {
        name: 'x',
        scopes: ['admin'],
        projects: ['*'],
      }),
    )
    note(
      'a token with a scope that is none',
      await client.ask('POST', '/api/tiphys/v1/tokens', {
        body: { name: 'x', scopes: ['root'], projects: ['*'] },
      }),
    )
    note(
      'a token of a name that is taken',
      await client.ask('POST', '/api/tiphys/v1/tokens', {
        body: { name: 'ci', scopes: ['read'], projects: ['*'] },
      }),
    )
    await client.ask('DELETE', '/api/tiphys/v1/tokens/ci')
    note('a token that was taken back', await ask(trigger, 'POST', '/api/v1/event', start))
    note(
      'a secret with a project token',
      await ask(
        await client.mintToken('conf', ['configure'], ['shop']),
        'GET',
        '/api/secrets/v1/secret',
      ),
    )
  })

  it('slows down whoever guesses', async () => {
    const { client } = installation
    let answer = await client.ask('POST', '/api/v1/auth', { token: 'guess' })
    for (let guess = 0; guess < GUESSES && answer.status === 401; guess++) {
      answer = await client.ask('POST', '/api/v1/auth', { token: `guess-${guess}` })
    }
    note('too many wrong tokens', answer)
  })

  it('reads as the golden file says', () => assertGolden('Tokens', situations))
})
