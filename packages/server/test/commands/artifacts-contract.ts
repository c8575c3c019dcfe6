import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { ArtifactLimits, ArtifactPlace, Artifacts } from '../../src/ports/artifacts.ts'

export type OpenArtifacts = (
  limits: ArtifactLimits,
) => Promise<AsyncDisposable & { readonly artifacts: Artifacts }>

const LIMITS: ArtifactLimits = { maxFileBytes: 100, maxRunBytes: 250, maxRunFiles: 4 }
const PROJECT = 'p-1'

function place(runId: string, index = 1, attempt = 1): ArtifactPlace {
  return { projectId: PROJECT, runId, task: { name: 'test', index, attempt } }
}

function bytes(...pieces: readonly (number | string)[]): AsyncIterable<Uint8Array> {
  return Readable.from(
    pieces.map((piece) => Buffer.from(typeof piece === 'number' ? ' '.repeat(piece) : piece)),
  )
}

async function textOf(artifacts: Artifacts, runId: string, name: string) {
  const found = await artifacts.open(PROJECT, runId, name)
  if (found === undefined) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of found.content) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** What every keeper of artifacts must do. */
export function artifactsContract(name: string, open: OpenArtifacts): void {
  test(`${name}: keeps files by name, and answers them as they were`, async () => {
    await using house = await open(LIMITS)
    const { artifacts } = house
    const book = await artifacts.begin(place('r-1'))
    const kept = await book.keep('a/ü & <x>.txt', bytes('one ', 'two'))
    assert.equal(kept.code, 'kept')
    await book.keep('empty', bytes())
    assert.deepEqual(
      (await artifacts.list(PROJECT, 'r-1')).map((one) => [one.name, one.sizeBytes]),
      [
        ['test-1/a/ü & <x>.txt', 7],
        ['test-1/empty', 0],
      ],
    )
    assert.equal(await textOf(artifacts, 'r-1', 'test-1/a/ü & <x>.txt'), 'one two')
    assert.equal(await textOf(artifacts, 'r-1', 'test-1/empty'), '')
    assert.deepEqual(await artifacts.runs(), [{ projectId: PROJECT, runId: 'r-1' }])
  })

  test(`${name}: names lead nowhere`, async () => {
    await using house = await open(LIMITS)
    const { artifacts } = house
    const book = await artifacts.begin(place('r-1'))
    const name = '../../../../etc/passwd'
    await book.keep(name, bytes('mine'))
    assert.equal(await textOf(artifacts, 'r-1', `test-1/${name}`), 'mine')
    for (const other of [name, '../r-1/1-1.json', '1-1.json', '1-1.0', '', '/etc/passwd']) {
      assert.equal(await textOf(artifacts, 'r-1', other), undefined, other)
    }
    assert.equal(await textOf(artifacts, 'r-2', `test-1/${name}`), undefined)
    assert.deepEqual(await artifacts.list('p-2', 'r-1'), [])
  })

  test(`${name}: limits of a file, of a run, and of their number; nothing is kept by half`, async () => {
    await using house = await open(LIMITS)
    const { artifacts } = house
    const book = await artifacts.begin(place('r-1'))
    assert.deepEqual(await book.keep('large', bytes(60, 60)), {
      code: 'too-large',
      limitBytes: 100,
    })
    assert.equal((await book.keep('a', bytes(100))).code, 'kept')
    assert.equal((await book.keep('b', bytes(100))).code, 'kept')
    assert.deepEqual(await book.keep('c', bytes(60)), { code: 'full', limitBytes: 250 })
    assert.equal((await book.keep('d', bytes(50))).code, 'kept')
    assert.equal((await book.keep('a', bytes(10))).code, 'kept')
    // Those of another task of the run count too.
    const other = await artifacts.begin(place('r-1', 2))
    assert.equal((await other.keep('e', bytes(1))).code, 'kept')
    assert.equal((await other.keep('f', bytes(1))).code, 'full')
    assert.deepEqual(
      (await artifacts.list(PROJECT, 'r-1')).map(({ sizeBytes }) => sizeBytes).toSorted(),
      [1, 10, 100, 50].toSorted(),
    )
  })

  test(`${name}: a file that breaks off is not kept`, async () => {
    await using house = await open(LIMITS)
    const { artifacts } = house
    const book = await artifacts.begin(place('r-1'))
    function* pieces(): Generator<Uint8Array> {
      yield new Uint8Array(3)
      throw new Error('the disk is gone')
    }
    const broken = Readable.from(pieces())
    await assert.rejects(book.keep('a', broken), /the disk is gone/)
    assert.deepEqual(await artifacts.list(PROJECT, 'r-1'), [])
    assert.equal((await book.keep('a', bytes('b'))).code, 'kept')
  })

  test(`${name}: an attempt that begins again replaces its own files only`, async () => {
    await using house = await open(LIMITS)
    const { artifacts } = house
    for (const attempt of [1, 2]) {
      const book = await artifacts.begin(place('r-1', 1, attempt))
      await book.keep('log', bytes(`attempt ${attempt}`))
    }
    const again = await artifacts.begin(place('r-1', 1, 2))
    assert.equal(await textOf(artifacts, 'r-1', 'test-1.2/log'), undefined)
    await again.keep('log', bytes('again'))
    assert.equal(await textOf(artifacts, 'r-1', 'test-1/log'), 'attempt 1')
    assert.equal(await textOf(artifacts, 'r-1', 'test-1.2/log'), 'again')
  })

  test(`${name}: runs and projects are forgotten, also where there is nothing`, async () => {
    await using house = await open(LIMITS)
    const { artifacts } = house
    for (const runId of ['r-1', 'r-2', 'r-3']) {
      const book = await artifacts.begin(place(runId))
      await book.keep('log', bytes('x'))
    }
    await artifacts.forgetRuns(PROJECT, ['r-1', 'never'])
    assert.deepEqual(
      (await artifacts.runs()).map(({ runId }) => runId),
      ['r-2', 'r-3'],
    )
    await artifacts.forgetProject('p-other')
    await artifacts.forgetProject(PROJECT)
    assert.deepEqual(await artifacts.runs(), [])
    assert.equal(await textOf(artifacts, 'r-2', 'test-1/log'), undefined)
  })
}
