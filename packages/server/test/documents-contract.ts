import { strict as assert } from 'node:assert'
import { describe, type TestContext, test } from 'node:test'
import type { Documents } from '../src/ports/documents.ts'

/** New, empty documents that are closed and removed when the test ends. */
export type DocumentsFactory = (t: TestContext) => Documents

/** What every adapter of the documents port must do. */
export function documentsContract(name: string, factory: DocumentsFactory): void {
  describe(`documents contract: ${name}`, () => {
    test('a document reads back as it was put', async (t) => {
      const documents = factory(t)
      const body = { text: 'ü "quoted"\n', list: [1, null, { deep: true }] }
      assert.equal(await documents.get('tokens', 'a'), undefined)
      assert.equal(await documents.put('tokens', 'a', body), true)
      assert.deepEqual(await documents.get('tokens', 'a'), body)
      assert.equal(await documents.get('secrets', 'a'), undefined)
    })

    test('put replaces, unless it may only add', async (t) => {
      const documents = factory(t)
      await documents.put('kind', 'a', { n: 1 })
      assert.equal(await documents.put('kind', 'a', { n: 2 }), true)
      assert.equal(await documents.put('kind', 'a', { n: 3 }, { ifAbsent: true }), false)
      assert.deepEqual(await documents.get('kind', 'a'), { n: 2 })
      assert.equal(await documents.put('kind', 'b', { n: 4 }, { ifAbsent: true }), true)
    })

    test('of two that add the same key at once, one does', async (t) => {
      const documents = factory(t)
      const add = (n: number) => documents.put('kind', 'a', { n }, { ifAbsent: true })
      assert.deepEqual(await Promise.all([add(1), add(2)]), [true, false])
      assert.deepEqual(await documents.get('kind', 'a'), { n: 1 })
    })

    test('delete says whether there was something', async (t) => {
      const documents = factory(t)
      await documents.put('kind', 'a', {})
      assert.equal(await documents.delete('kind', 'a'), true)
      assert.equal(await documents.delete('kind', 'a'), false)
      assert.equal(await documents.get('kind', 'a'), undefined)
    })

    test('a list has the keys of its kind with their prefix, in order', async (t) => {
      const documents = factory(t)
      for (const key of ['p/b', 'p/a', 'q/a', 'p%', 'P/a'])
        await documents.put('kind', key, { key })
      await documents.put('other', 'p/c', {})
      const keys = async (prefix?: string) =>
        (await documents.list('kind', prefix)).map(({ key }) => key)
      assert.deepEqual(await keys('p/'), ['p/a', 'p/b'])
      assert.deepEqual(await keys(), ['P/a', 'p%', 'p/a', 'p/b', 'q/a'])
      assert.deepEqual(await documents.list('kind', 'q'), [{ key: 'q/a', body: { key: 'q/a' } }])
      assert.deepEqual(await documents.list('nothing'), [])
    })

    test('what a reader changes changes nothing for the next one', async (t) => {
      const documents = factory(t)
      const body = { list: ['a'] }
      await documents.put('kind', 'a', body)
      body.list.push('b')
      const read = await documents.get('kind', 'a')
      assert.deepEqual(read, { list: ['a'] })
      ;(read['list'] as string[]).push('c')
      assert.deepEqual(await documents.get('kind', 'a'), { list: ['a'] })
    })
  })
}
