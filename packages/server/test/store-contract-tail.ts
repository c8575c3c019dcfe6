import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import type { Store, StoredEvent } from '../src/ports/store.ts'
import type { StoreFactory } from './store-contract.ts'
import { anEvent, append, committed, positionsOf, takeRows } from './store-fixtures.ts'

export function tailContract(factory: StoreFactory): void {
  describe('tail', () => {
    phases(factory)
    slowReaders(factory)
    concurrency(factory)
  })
}

async function fill(store: Store, stream: string, count: number): Promise<void> {
  await committed(
    store.commit(
      append(
        stream,
        'any',
        Array.from({ length: count }, () => anEvent()),
      ),
    ),
  )
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

function phases(factory: StoreFactory): void {
  test('what was there comes first, then what is committed', async (t) => {
    const store = await factory(t)
    await fill(store, 's', 450)
    const reading = takeRows(store, 0, 453)
    await fill(store, 's', 1)
    await fill(store, 't', 2)
    assert.deepEqual(positionsOf(await reading), upTo(453))
  })

  test('a tail begins after the position it is given, and has the rows that reads have', async (t) => {
    const store = await factory(t)
    await fill(store, 's', 5)
    const rows = await takeRows(store, 3, 2)
    assert.deepEqual(rows, await store.readLog(3, 10))
  })

  test('a tail ends when its signal aborts, waiting or not', async (t) => {
    const store = await factory(t)
    await fill(store, 's', 1)
    const controller = new AbortController()
    const seen: number[] = []
    for await (const rows of store.tail(0, controller.signal)) {
      seen.push(...positionsOf(rows))
      setImmediate(() => controller.abort())
    }
    assert.deepEqual(seen, [1])
    for await (const _rows of store.tail(0, controller.signal)) assert.fail('it had ended')
  })

  test('a tail ends when the store closes', async (t) => {
    const store = await factory(t)
    await fill(store, 's', 1)
    for await (const _rows of store.tail(0, new AbortController().signal)) {
      setImmediate(() => void store.close())
    }
  })
}

function slowReaders(factory: StoreFactory): void {
  test('a reader that fell behind goes back to the disk and misses nothing', async (t) => {
    const store = await factory(t, { maxBehind: 3 })
    const controller = new AbortController()
    const seen: number[] = []
    await fill(store, 's', 1)
    for await (const rows of store.tail(0, controller.signal)) {
      seen.push(...positionsOf(rows))
      // Two commits that fit, then one that does not, while this reader is busy.
      if (seen.length === 1) for (const count of [1, 2, 3]) await fill(store, 's', count)
      if (seen.length === 7) await fill(store, 's', 1)
      if (seen.length === 8) controller.abort()
    }
    assert.deepEqual(seen, upTo(8))
  })
}

function concurrency(factory: StoreFactory): void {
  test('readers that start at any moment see every position once, in order', async (t) => {
    const store = await factory(t, { maxBehind: 20 })
    const total = 600
    const readers: Promise<StoredEvent[]>[] = []
    for (let written = 0; written < total; ) {
      const group = [1, 3, 2].map((count) => fill(store, `s${written % 7}`, count))
      written += 6
      if (written % 60 === 0) readers.push(takeRows(store, 0, total))
      await Promise.all(group)
    }
    for (const rows of await Promise.all(readers)) {
      assert.deepEqual(positionsOf(rows), upTo(total))
    }
  })

  test('once a position was seen, no smaller one appears', async (t) => {
    const store = await factory(t)
    const total = 300
    const seen: number[] = []
    async function poll(): Promise<void> {
      while (seen.length < total) {
        const rows = await store.readLog(seen.at(-1) ?? 0, 50)
        seen.push(...positionsOf(rows))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const polling = poll()
    await Promise.all(upTo(total / 3).map((index) => fill(store, `s${index % 5}`, 3)))
    await polling
    assert.deepEqual(seen, upTo(total))
  })
}
