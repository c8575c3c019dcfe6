import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { test } from 'node:test'
import { createMemoryDocuments } from '../src/adapters/memory/memory-documents.ts'
import { openSqlite } from '../src/adapters/sqlite/open-sqlite.ts'
import { documentsContract } from './documents-contract.ts'
import { temporaryFolder, temporarySqlite } from './store-folder.ts'

documentsContract('memory', () => createMemoryDocuments())
documentsContract('sqlite', (t) => temporarySqlite(t).documents)

test('documents are there after reopening', async (t) => {
  const file = join(temporaryFolder(t), 'tiphys.db')
  const first = openSqlite({ file })
  await first.documents.put('tokens', 'a', { hash: 'x' })
  await first.close()
  const second = openSqlite({ file })
  assert.deepEqual(await second.documents.get('tokens', 'a'), { hash: 'x' })
  await second.close()
})
