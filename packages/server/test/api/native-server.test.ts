import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ServerInformation } from '@tiphys/contract/http/native-server.ts'
import type { SecretName, SecretsPart } from '../../src/api/secrets-part.ts'
import type { TokenRecord, TokensPart } from '../../src/api/tokens-part.ts'
import { startTestApi, type TestApi } from './test-api.ts'

/** Keeps secrets in memory, by the rules of the part. */
function memorySecrets(): SecretsPart {
  const secrets = new Map<string, SecretName>()
  return {
    list: () => Promise.resolve([...secrets.values()]),
    put({ name, scope, data }, mode) {
      const key = `${scope}/${name}`
      const message = `secret ${name}`
      if (mode === 'create' && secrets.has(key)) return Promise.resolve({ code: 'exists', message })
      if (mode === 'replace' && !secrets.has(key)) {
        return Promise.resolve({ code: 'not-found', message })
      }
      secrets.set(key, { name, scope, keys: Object.keys(data) })
      return Promise.resolve({ code: 'written' })
    },
    delete: (name, scope) => Promise.resolve(secrets.delete(`${scope}/${name}`)),
  }
}

function memoryTokens(): TokensPart {
  const tokens = new Map<string, TokenRecord>()
  return {
    list: () => Promise.resolve([...tokens.values()]),
    mint(wish) {
      if (tokens.has(wish.name)) {
        return Promise.resolve({ code: 'exists', message: `token ${wish.name} already exists` })
      }
      tokens.set(wish.name, { ...wish, createdMs: 0 })
      return Promise.resolve({ code: 'minted', token: 'once' })
    },
    revoke: (name) =>
      Promise.resolve(
        tokens.delete(name)
          ? { code: 'revoked' }
          : { code: 'not-found', message: `there is no token ${name}` },
      ),
  }
}

describe('secrets', () => {
  const path = '/api/secrets/v1/secret'
  let api: TestApi
  before(async () => {
    api = await startTestApi({ secrets: memorySecrets() })
  })
  after(() => api.close())

  it('takes values and never gives them back', async () => {
    const body = { name: 'prometheus', data: { PASSWORD: 'hunter2' } }
    const created = await api.send('POST', path, { body })
    assert.deepEqual([created.status, created.text], [201, '{}'])
    assert.equal((await api.send('POST', path, { body })).status, 409)
    assert.equal((await api.send('PUT', path, { body })).status, 200)
    const other = { ...body, name: 'none' }
    assert.equal((await api.send('PUT', path, { body: other })).status, 404)
    const listed = await api.send('GET', path)
    assert.deepEqual(listed.json, {
      Secrets: [{ name: 'prometheus', scope: 'keptn-default', keys: ['PASSWORD'] }],
    })
    assert.equal(listed.text.includes('hunter2'), false)
    const none = await api.send('GET', `${path}?name=other`)
    assert.deepEqual(none.json, { Secrets: [] })
  })

  it('wants name and scope for a deletion', async () => {
    assert.equal((await api.send('DELETE', `${path}?name=prometheus`)).status, 400)
    const query = '?name=prometheus&scope=keptn-default'
    assert.equal((await api.send('DELETE', path + query)).status, 200)
    assert.equal((await api.send('DELETE', path + query)).status, 404)
  })

  it('knows the scopes of Keptn and no others', async () => {
    const scopes = await api.send('GET', '/api/secrets/v1/scope')
    assert.deepEqual(scopes.json, {
      scopes: [
        'keptn-default',
        'keptn-webhook-service',
        'dynatrace-service',
        'keptn-prometheus-service',
      ],
    })
    const body = { name: 'a', scope: 'mine', data: {} }
    assert.equal((await api.send('POST', path, { body })).status, 400)
  })

  it('is closed to tokens of single projects and without configure', async () => {
    assert.equal((await api.send('GET', path, { token: 'shop-configurer' })).status, 403)
    assert.equal((await api.send('GET', path, { token: 'reader' })).status, 403)
  })
})

describe('tokens', () => {
  const path = '/api/tiphys/v1/tokens'
  let api: TestApi
  before(async () => {
    api = await startTestApi({ tokens: memoryTokens() })
  })
  after(() => api.close())

  it('mints, lists without the text, and revokes', async () => {
    const body = { name: 'ci', scopes: ['trigger'], projects: ['shop'] }
    const minted = await api.send('POST', path, { body })
    assert.equal(minted.status, 201)
    assert.deepEqual(minted.json, { name: 'ci', token: 'once' })
    assert.equal((await api.send('POST', path, { body })).status, 409)
    const listed = await api.send('GET', path)
    assert.deepEqual(listed.json, {
      tokens: [
        {
          name: 'ci',
          scopes: ['trigger'],
          projects: ['shop'],
          createdAt: '1970-01-01T00:00:00.000Z',
        },
      ],
    })
    assert.equal((await api.send('DELETE', `${path}/ci`)).status, 200)
    assert.equal((await api.send('DELETE', `${path}/ci`)).status, 404)
  })

  it('is for admins, and names a scope that is none', async () => {
    assert.equal((await api.send('GET', path, { token: 'reader' })).status, 403)
    const wrong = await api.send('POST', path, { body: { name: 'x', scopes: ['root'] } })
    assert.deepEqual(wrong.json, {
      code: 400,
      message: 'scopes.0 must be one of trigger, answer, approve, read, configure, admin',
    })
  })
})

describe('the server', () => {
  it('says who it is and who asks', async () => {
    const api = await startTestApi()
    try {
      const answer = await api.send('GET', '/api/tiphys/v1/info', { token: 'shop-reader' })
      assert.deepEqual(ServerInformation.parse(answer.json), {
        name: 'tiphys',
        version: '0.0.0-test',
        keptnVersion: '1.4.5',
        token: { name: 'shop-reader', scopes: ['read'], projects: ['shop'] },
      })
    } finally {
      await api.close()
    }
  })

  it('lints files that it is sent', async () => {
    const problem = { file: 'slo.yaml', line: 1, column: 2, message: 'no' }
    const api = await startTestApi({
      lint: (files) => Object.keys(files).map(() => ({ severity: 'error', ...problem })),
    })
    try {
      const path = '/api/tiphys/v1/lint'
      const answer = await api.send('POST', path, { body: { files: { 'slo.yaml': 'a' } } })
      assert.deepEqual(answer.json, { problems: [{ severity: 'error', ...problem }] })
      assert.equal((await api.send('POST', path, { body: { files: {} } })).status, 400)
      assert.equal((await api.send('POST', path, { body: { files: { a: 1 } } })).status, 400)
    } finally {
      await api.close()
    }
  })

  it('shows applications of Argo CD to those who may see their project', async () => {
    const application = { instance: 'main', authorized: [] }
    const api = await startTestApi({
      argocd: {
        instances: () =>
          Promise.resolve([{ name: 'main', url: 'https://argocd.example', reachable: true }]),
        applications: () =>
          Promise.resolve([
            { ...application, name: 'shop-dev', project: 'shop' },
            { ...application, name: 'other-dev', project: 'other' },
            { ...application, name: 'unknown' },
          ]),
      },
    })
    try {
      const instances = await api.send('GET', '/api/tiphys/v1/argocd/instances')
      assert.equal(instances.status, 200)
      const names = async (token: string) => {
        const answer = await api.send('GET', '/api/tiphys/v1/argocd/applications', { token })
        const body = answer.json as { applications: { name: string }[] }
        return body.applications.map((one) => one.name)
      }
      assert.deepEqual(await names('reader'), ['shop-dev', 'other-dev', 'unknown'])
      assert.deepEqual(await names('shop-reader'), ['shop-dev'])
    } finally {
      await api.close()
    }
  })
})
