import { writeSync } from 'node:fs'
import { createSqliteStore } from '../src/adapters/sqlite/open-sqlite.ts'
import { anEvent, append } from './store-fixtures.ts'

// A process of its own for store-crash.test.ts: writes until it is killed, and says what it was told is on disk.
const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: store-writer <file>')
const store = createSqliteStore({ file })
const STDOUT = 1
const WRITERS = 8

await Promise.all(Array.from({ length: WRITERS }, (_, index) => writeForEver(`s${index}`)))

async function writeForEver(stream: string): Promise<void> {
  let version = (await store.read(stream)).length
  for (;;) {
    const events = [anEvent({ id: `${stream}-${version + 1}` }), anEvent()]
    const effect = { key: `${stream}-${version + 1}`, kind: 'test', body: {}, dueMs: 0 }
    const result = await store.commit(append(stream, version, events, { effects: [effect] }))
    if (result.code !== 'committed') throw new Error(JSON.stringify(result))
    version += events.length
    writeSync(STDOUT, `${stream} ${version}\n`)
  }
}
