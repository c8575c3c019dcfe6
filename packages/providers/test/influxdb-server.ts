import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingPeer, type RunningPeer, startPeer, until } from './peer-process.ts'

export function missingInfluxdb(): string | false {
  return missingPeer('influxd', ['version'])
}

/** A server of version 1 with one administrator, who made a database and a user who may only read it. */
export type RunningInfluxdb = Pick<RunningPeer, 'stop'> & {
  readonly url: string
  readonly database: string
  readonly reader: { readonly user: string; readonly password: string; readonly token: string }
  /** Lines of InfluxDB's line protocol, times in milliseconds. */
  write(lines: readonly string[]): Promise<void>
}

const SHARED_SECRET = 'of the tests'
const DATABASE = 'shop'
const READER = { user: 'tiphys', password: 'p455/word' }
const ADMIN = { u: 'admin', p: 'admin' }
const TOKEN_LIFE_S = 600

export async function startInfluxdb(): Promise<RunningInfluxdb> {
  const peer = await startPeer(2, async ({ folder, ports: [http, backup] }) => {
    const file = join(folder, 'influxdb.conf')
    await writeFile(file, configuration(folder, http, backup))
    return {
      command: 'influxd',
      args: ['-config', file],
      readyUrl: `http://127.0.0.1:${http}/ping`,
    }
  })
  const url = `http://127.0.0.1:${peer.place.ports[0]}`
  const run = async (path: string, body: string | URLSearchParams, admin: object) => {
    const login = new URLSearchParams({ ...admin, db: DATABASE, precision: 'ms' })
    const answer = await fetch(`${url}${path}?${login}`, { method: 'POST', body })
    const text = await answer.text()
    assert.ok(answer.ok && !text.includes('error'), text)
  }
  const statement = (q: string, admin: object = ADMIN) =>
    run('/query', new URLSearchParams({ q }), admin)
  try {
    // Its HTTP service answers a ping before its store is open.
    await until(async () => {
      await statement(`CREATE USER "admin" WITH PASSWORD 'admin' WITH ALL PRIVILEGES`, {})
      return true
    })
    await statement(`CREATE DATABASE "${DATABASE}"`)
    await statement(`CREATE USER "${READER.user}" WITH PASSWORD '${READER.password}'`)
    await statement(`GRANT READ ON "${DATABASE}" TO "${READER.user}"`)
  } catch (thrown) {
    await peer.stop()
    throw thrown
  }
  return {
    url,
    database: DATABASE,
    reader: { ...READER, token: tokenFor(READER.user) },
    write: (lines) => run('/write', lines.join('\n'), ADMIN),
    stop: peer.stop,
  }
}

/** Nothing but the loopback, and no word to its makers. */
function configuration(folder: string, http = 0, backup = 0): string {
  const at = (name: string) => JSON.stringify(join(folder, name))
  return `
reporting-disabled = true
bind-address = "127.0.0.1:${backup}"
[meta]
  dir = ${at('meta')}
[data]
  dir = ${at('data')}
  wal-dir = ${at('wal')}
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${http}"
  auth-enabled = true
  shared-secret = "${SHARED_SECRET}"
  max-row-limit = 20
`
}

/** As "Authentication and authorization" of its documentation has it: HS256 over user name and end. */
function tokenFor(username: string): string {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url')
  const end = Math.floor(Date.now() / 1000) + TOKEN_LIFE_S
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ username, exp: end })}`
  return `${text}.${createHmac('sha256', SHARED_SECRET).update(text).digest('base64url')}`
}
