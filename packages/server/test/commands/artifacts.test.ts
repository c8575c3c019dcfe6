import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { createFolderArtifacts } from '../../src/adapters/artifacts/folder-artifacts.ts'
import type { ArtifactLimits } from '../../src/ports/artifacts.ts'
import { artifactsContract } from './artifacts-contract.ts'

async function openFolder(limits: ArtifactLimits) {
  const folder = await mkdtemp(join(tmpdir(), 'artifacts-'))
  let nowMs = 0
  const clock = { nowMs: () => (nowMs += 1) }
  return {
    folder,
    artifacts: createFolderArtifacts({ folder, limits, clock }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

artifactsContract('in a folder', openFolder)

test('in a folder: a list that a crash or a hand spoilt is one of nothing, and nothing else suffers', async () => {
  const limits = { maxFileBytes: 100, maxRunBytes: 1_000, maxRunFiles: 10 }
  await using house = await openFolder(limits)
  const { artifacts, folder } = house
  for (const index of [0, 1]) {
    const task = { name: 'test', index, attempt: 1 }
    const book = await artifacts.begin({ projectId: 'p', runId: 'r', task })
    await book.keep('log', Readable.from([new Uint8Array(3)]))
  }
  const run = join(folder, 'p', 'r')
  await writeFile(join(run, '0-1.json'), '[{"name": "x", "file": "../../../secret.key"}]')
  await writeFile(join(run, '1-1.9'), 'what a crash left')
  assert.deepEqual(
    (await artifacts.list('p', 'r')).map(({ name }) => name),
    ['test-1/log'],
  )
  const task = { name: 'test', index: 1, attempt: 1 }
  await artifacts.begin({ projectId: 'p', runId: 'r', task })
  assert.deepEqual(await readdir(run), ['0-1.0', '0-1.json'])
})
