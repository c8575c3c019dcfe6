import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestApi } from './test-api.ts'

test('a backup holds every project, so an admin of one is refused before anything is copied', async (t) => {
  const api = await startTestApi()
  t.after(() => api.close())
  for (const query of ['', '?includeSecretKey=true']) {
    const answer = await api.send('POST', `/api/tiphys/v1/backup${query}`, { token: 'shop-admin' })
    assert.deepEqual(
      [answer.status, answer.json],
      [403, { code: 403, message: 'a backup holds every project; token shop-admin is for shop' }],
    )
  }
})
