import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { test } from 'node:test'
import { searchOf, searchSql } from '../src/adapters/sqlite/event-query.ts'
import { migrate } from '../src/adapters/sqlite/migrate.ts'
import { openSqliteFile } from '../src/adapters/sqlite/sqlite-file.ts'
import { createWords } from '../src/adapters/sqlite/words.ts'
import type { EventQuery } from '../src/ports/store.ts'
import { temporaryFolder } from './store-folder.ts'

const MIGRATIONS = new URL('../src/adapters/sqlite/migrations/', import.meta.url)

const PLANS: [string, Partial<EventQuery>, RegExp][] = [
  ['an event id', { eventId: 'a', projectId: 'p' }, /SEARCH events USING INDEX events_by_id/],
  ['a context', { context: 'c', typeSuffix: '.x' }, /USING INDEX events_by_context/],
  ['a triggered id', { triggeredId: 'a' }, /USING INDEX events_by_triggered/],
  ['a type of a project', { projectId: 'p', type: 't' }, /USING INTEGER PRIMARY KEY/],
  ['anything else', { stage: 's' }, /USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/],
]

for (const [name, query, plan] of PLANS) {
  test(`a query for ${name} goes through its index and sorts nothing`, (t) => {
    const file = openSqliteFile(join(temporaryFolder(t), 'tiphys.db'), {
      synchronous: 'NORMAL',
      cacheBytes: 1_000_000,
      lockWaitMs: 0,
    })
    migrate(file, MIGRATIONS)
    const words = createWords(file)
    for (const word of ['p', 't', 's']) words.idOf(word)
    const search = searchOf({ offset: 0, limit: 1, ...query }, words)
    assert.ok(search)
    const steps = file
      .statement<{ detail: string }>(`EXPLAIN QUERY PLAN ${searchSql(search)}`)
      .all(0, 1, ...search.values, 1)
      .map((step) => step.detail)
    assert.match(steps.join('\n'), plan)
    assert.doesNotMatch(steps.join('\n'), /TEMP B-TREE FOR ORDER BY|SCAN events/)
    file.close()
  })
}
