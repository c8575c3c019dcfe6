import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AUDIT_STREAM } from '../../src/audit/audit-trail.ts'
import { createServer } from '../../src/main.ts'
import { loadSettings } from '../../src/settings/load-settings.ts'

/** The server as users start it, in this process: what it leaks and what it leaves unhandled can be seen. */
export type FuzzTarget = AsyncDisposable & {
  readonly port: number
  readonly url: string
  readonly token: string
  readonly folder: string
  /** What must be as before after an input was refused: rows, effects, and the newest commit of every configuration. */
  state(): string
  /** Sentences of the log at level error, and rejections that nobody handled. */
  readonly complaints: string[]
}

const TOKEN = 'a-token-for-the-fuzzer-of-the-server'

/** That somebody was refused is written down; nothing else may be. */
const STATE = `SELECT
  (SELECT count(*) FROM events WHERE stream IS NOT (SELECT id FROM streams WHERE name = ?)) AS events,
  (SELECT count(*) FROM effects) AS effects,
  (SELECT count(*) FROM dedupe_keys) AS keys,
  (SELECT count(*) FROM documents) AS documents`

export async function startTarget(): Promise<FuzzTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-fuzz-'))
  const complaints: string[] = []
  const flags = {
    port: '0',
    'data-dir': folder,
    'api-token': TOKEN,
    'allow-loopback-targets': true,
  }
  const loaded = loadSettings({ flags, environment: {} })
  assert.ok(loaded.code === 'loaded', JSON.stringify(loaded))
  const error = (data: object, message: string) =>
    void complaints.push(`${message}: ${reasonOf(data)}`)
  const log = { debug() {}, info() {}, warn() {}, error }
  const server = await createServer(loaded.settings, { log })
  const onRejection = (reason: unknown) => void complaints.push(`unhandled: ${String(reason)}`)
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onRejection)
  const database = new DatabaseSync(join(folder, 'tiphys.db'), { readOnly: true })
  const rows = database.prepare(STATE)
  const configuration = join(folder, 'configuration')
  return {
    port: Number(new URL(server.url).port),
    url: server.url,
    token: TOKEN,
    folder,
    complaints,
    state: () => JSON.stringify([rows.get(AUDIT_STREAM), headsOf(configuration)]),
    async [Symbol.asyncDispose]() {
      database.close()
      await server.close()
      process.off('unhandledRejection', onRejection)
      process.off('uncaughtException', onRejection)
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

/** The newest commit of each project's configuration. */
function headsOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((name) => {
    const head = join(folder, name, 'refs', 'heads', 'main')
    return `${name} ${existsSync(head) ? readFileSync(head, 'utf8') : ''}`
  })
}

function reasonOf(data: object): string {
  const error = 'error' in data ? data.error : undefined
  return error instanceof Error
    ? (error.stack ?? error.message)
    : JSON.stringify(data).slice(0, 300)
}
