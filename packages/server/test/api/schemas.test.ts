import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { SCHEMA_NAMES, schemaText } from '@tiphys/providers/schemas/file-schemas.ts'
import { startTestApi, type TestApi } from './test-api.ts'

const NOBODY = { token: undefined }

describe('schemas of files', () => {
  let api: TestApi
  before(async () => {
    api = await startTestApi()
  })
  after(() => api.close())

  it('are listed without a token, each with a path that answers', async () => {
    const answer = await api.send('GET', '/api/tiphys/v1/schemas', NOBODY)
    const { schemas } = answer.json as { schemas: { name: string; file: string; path: string }[] }
    assert.deepEqual(
      schemas.map(({ name }) => name),
      SCHEMA_NAMES,
    )
    const slo = schemas.find(({ name }) => name === 'slo')
    assert.deepEqual([slo?.file, slo?.path], ['slo.yaml', '/api/tiphys/v1/schemas/slo.json'])
    for (const { path } of schemas) {
      assert.equal((await api.send('GET', path, NOBODY)).status, 200, path)
    }
  })

  it('are what the folder holds, and may be kept', async () => {
    const answer = await api.send('GET', '/api/tiphys/v1/schemas/sli.json', NOBODY)
    assert.deepEqual(answer.json, JSON.parse(schemaText('sli')))
    assert.match(answer.headers.get('content-type') ?? '', /^application\/schema\+json/)
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=3600')
    const etag = answer.headers.get('etag') ?? ''
    assert.match(etag, /^"[\w-]{43}"$/)
    const again = await api.send('GET', '/api/tiphys/v1/schemas/sli.json', {
      ...NOBODY,
      headers: { 'if-none-match': `"other", W/${etag}` },
    })
    assert.deepEqual([again.status, again.text, again.headers.get('etag')], [304, '', etag])
    const other = await api.send('GET', '/api/tiphys/v1/schemas/slo.json', {
      ...NOBODY,
      headers: { 'if-none-match': etag },
    })
    assert.equal(other.status, 200)
  })

  it('say which there are when one is not', async () => {
    const answer = await api.send('GET', '/api/tiphys/v1/schemas/webhook.json', NOBODY)
    const { message } = answer.json as { message: string }
    assert.equal(answer.status, 404)
    assert.match(message, /^there is no schema webhook\.json; there are shipyard\.json, slo\.json,/)
  })
})
