import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { AuditEntryView, AuditPage } from '@tiphys/contract/http/native-audit.ts'
import { startComposed, TOKEN } from '../api/composed-server.ts'
import { base64 } from '../api/house.ts'
import { type Answer, send } from '../api/test-api.ts'

export const AUDIT = '/api/tiphys/v1/audit'
export const PROJECT = '/api/controlPlane/v1/project'

/** One stage: a sequence that asks at once, and two that wait for somebody. */
export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
        - name: ask
          tasks: [{name: approval}]
        - name: judge
          tasks: [{name: evaluation, properties: {executor: external}}]
        - name: probe
          tasks: [{name: check, properties: {executor: external}}]
`

export type AuditHouse = {
  readonly folder: string
  call(method: string, path: string, body?: unknown, token?: string): Promise<Answer>
  entries(query?: string): Promise<AuditEntryView[]>
  restart(): Promise<void>
  stop(): Promise<void>
}

async function house(t: TestContext): Promise<AuditHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-audit-'))
  let server = await startComposed(folder)
  t.after(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const call = (method: string, path: string, body?: unknown, token = TOKEN) =>
    send(server.url, method, path, { token, ...(body === undefined ? {} : { body }) })
  return {
    folder,
    call,
    async entries(query = '') {
      const answer = await call('GET', `${AUDIT}?pageSize=100${query}`)
      assert.equal(answer.status, 200, answer.text)
      return (answer.json as AuditPage).entries
    },
    async restart() {
      await server.close()
      server = await startComposed(folder)
    },
    stop: () => server.close(),
  }
}

/** The whole server with the project `shop` and its service `carts`. */
export async function startAuditHouse(t: TestContext): Promise<AuditHouse> {
  const started = await house(t)
  const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
  assert.equal((await started.call('POST', PROJECT, shop)).status, 201)
  await started.call('POST', `${PROJECT}/shop/service`, { serviceName: 'carts' })
  return started
}
