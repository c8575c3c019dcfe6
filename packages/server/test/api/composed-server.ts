import assert from 'node:assert/strict'
import { createServer, type TiphysServer } from '../../src/main.ts'
import { loadSettings } from '../../src/settings/load-settings.ts'

/** The bootstrap token of `startComposed`. */
export const TOKEN = 'a-token-for-the-tests-of-the-whole-server'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

/** The server as users start it, on a free port and a folder of the test. */
export async function startComposed(folder: string): Promise<TiphysServer> {
  const flags = { port: '0', 'data-dir': folder, 'api-token': TOKEN }
  const loaded = loadSettings({ flags, environment: {} })
  assert.ok(loaded.code === 'loaded', JSON.stringify(loaded))
  return await createServer(loaded.settings, { log: QUIET })
}
