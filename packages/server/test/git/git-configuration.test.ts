import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { createGit } from '../../src/adapters/git/git-command.ts'
import { openGitConfiguration } from '../../src/adapters/git/git-configuration.ts'
import { openGitHome } from '../../src/adapters/git/git-home.ts'
import { configurationContract } from './configuration-contract.ts'
import { fixedClock, openGitFolder } from './git-folder.ts'

/** Who runs is read from the process table. */
const PROCESS_TABLE = existsSync('/proc/self') ? {} : { skip: 'needs /proc' }
const NOW_MS = 1_750_000_000_000
const PLACE = { level: 'service', stage: 'dev', service: 'carts' } as const
const CREATED = { name: 'shop', createdMs: NOW_MS }

configurationContract('git', async () => {
  const opened = await open()
  return {
    configuration: opened.configuration,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
})

async function open(readerIdleMs?: number) {
  const place = await openGitFolder()
  const folder = join(place.folder, 'configuration')
  const clock = fixedClock(NOW_MS)
  const configuration = await openGitConfiguration({
    git: place.git,
    clock,
    folder,
    ...(readerIdleMs === undefined ? {} : { readerIdleMs }),
  })
  return {
    ...place,
    clock,
    configuration,
    repository: join(folder, 'p1.git'),
    reopen: () => openGitConfiguration({ git: place.git, clock, folder }),
    async [Symbol.asyncDispose]() {
      await configuration.close()
      await place[Symbol.asyncDispose]()
    },
  }
}

function file(content: string): Record<string, Uint8Array> {
  return { 'a.yaml': new TextEncoder().encode(content) }
}

test('commits carry message, author and time', async () => {
  await using opened = await open()
  const { configuration, repository } = opened
  await configuration.createProject('p1', {}, CREATED)
  await configuration.write('p1', { place: PLACE, files: file('1'), message: 'Updated resource' })
  await configuration.write('p1', {
    place: PLACE,
    files: file('2'),
    message: 'Two\n\nlines',
    author: 'ci <evil\n> token',
  })
  const log = await opened.run(['log', '--format=%an|%ae|%at|%s', 'main'], repository)
  assert.deepEqual(log.trim().split('\n'), [
    'ci evil token|noreply@tiphys.dev|1750000000|Two',
    'Tiphys|noreply@tiphys.dev|1750000000|Updated resource',
    'Tiphys|noreply@tiphys.dev|1750000000|initialized project',
  ])
  await opened.run(['fsck', '--strict'], repository)
})

test('another process sees what was written, with git or with us', async () => {
  await using opened = await open()
  const { configuration } = opened
  await configuration.createProject('p1', {}, CREATED)
  const more = { 'x/y.yaml': new Uint8Array(), 'x/z.yaml': new Uint8Array() }
  await configuration.write('p1', { place: PLACE, files: more, message: 'm' })
  const files = { ...file('1'), 'x/y.yaml': undefined }
  const written = await configuration.write('p1', { place: PLACE, files, message: 'm' })
  assert.ok(written.code === 'written')
  await using second = await opened.reopen()
  assert.deepEqual(await second.head('p1'), written.pin)
  assert.deepEqual(
    await second.list('p1', written.pin),
    await configuration.list('p1', written.pin),
  )
  const shown = await opened.run(['show', 'main:.keptn-stages/dev/carts/a.yaml'], opened.repository)
  assert.equal(shown, '1')
})

test('what a killed process left does not stop the first write after it', async () => {
  await using opened = await open()
  await opened.configuration.createProject('p1', {}, CREATED)
  const { repository } = opened
  const old = new Date(Date.now() - 60_000)
  const leftovers = [
    join(repository, 'refs', 'heads', 'main.lock'),
    join(repository, 'packed-refs.lock'),
    join(repository, 'objects', 'pack', 'tmp_pack_abc'),
    join(repository, 'fast_import_crash_1'),
  ]
  for (const path of leftovers) {
    await writeFile(path, '')
    await utimes(path, old, old)
  }
  // Young: the process that holds it may be about to end by itself.
  await writeFile(join(repository, 'HEAD.lock'), '')
  await using second = await opened.reopen()
  const written = await second.write('p1', { place: PLACE, files: file('1'), message: 'm' })
  assert.equal(written.code, 'written')
  const names = await readdir(repository, { recursive: true })
  assert.deepEqual(
    names.filter((name) => /\.lock$|tmp_|crash/.test(name)),
    [],
  )
})

test('a commit whose text broke off in the middle is none', async () => {
  await using opened = await open()
  const { configuration, git, repository } = opened
  await configuration.createProject('p1', {}, CREATED)
  const before = await configuration.head('p1')
  const half =
    'commit refs/heads/main\ncommitter a <b> 1 +0000\ndata 1\nx\nM 100644 inline "a"\ndata 1\ny\n'
  const result = await git.run(['fast-import', '--quiet', '--done'], {
    gitDirectory: repository,
    input: half,
  })
  assert.ok(result.code === 'exited' && result.exitCode !== 0)
  assert.deepEqual(await configuration.head('p1'), before)
})

test('a reading process that dies is replaced, also under a read', PROCESS_TABLE, async () => {
  await using opened = await open()
  const { configuration } = opened
  await configuration.createProject('p1', {}, CREATED)
  const pin = await configuration.head('p1')
  const [pid] = await readersOf(opened.repository)
  assert.ok(pid !== undefined)
  process.kill(pid, 'SIGKILL')
  const reads = [1, 2, 3].map(() =>
    configuration.read('p1', { level: 'project' }, 'metadata.yaml', pin),
  )
  for (const content of await Promise.all(reads))
    assert.ok(content !== undefined && content.length > 0)
})

test('no process is left after the idle time, nor after closing', PROCESS_TABLE, async () => {
  await using opened = await open(1)
  const { configuration, repository } = opened
  await configuration.createProject('p1', {}, CREATED)
  await configuration.head('p1')
  while ((await readersOf(repository)).length > 0)
    await new Promise((resolve) => setImmediate(resolve))
  const pin = await configuration.head('p1')
  const reading = configuration.read('p1', { level: 'project' }, 'metadata.yaml', pin)
  await configuration.close()
  assert.ok(((await reading)?.length ?? 0) > 0)
  assert.deepEqual(await readersOf(repository), [])
  await assert.rejects(configuration.head('p1'), /closed/)
})

test('a relative data folder is meant from where the server was started', async () => {
  await using opened = await open()
  const home = relative(process.cwd(), join(opened.folder, 'home-2'))
  const folder = relative(process.cwd(), join(opened.folder, 'configuration-2'))
  const searchPath = process.env['PATH'] ?? ''
  const git = createGit({ home: await openGitHome(home), protocols: [], searchPath })
  await using configuration = await openGitConfiguration({ git, clock: opened.clock, folder })
  await configuration.createProject('p1', {}, CREATED)
  const written = await configuration.write('p1', { place: PLACE, files: file('1'), message: 'm' })
  assert.equal(written.code, 'written')
  assert.ok(existsSync(join(opened.folder, 'configuration-2', 'p1.git', 'HEAD')))
})

test('half-made repositories are removed at the start', async () => {
  await using opened = await open()
  await opened.run(['init', '--bare', join(opened.folder, 'configuration', '.new-abc')])
  await using _second = await opened.reopen()
  assert.deepEqual(await readdir(join(opened.folder, 'configuration')), [])
})

test('more projects at once than reading processes are kept', async () => {
  await using opened = await open()
  const { configuration } = opened
  const ids = Array.from({ length: 20 }, (_, index) => `p${index}`)
  for (const id of ids) await configuration.createProject(id, {}, CREATED)
  const pins = await Promise.all(ids.map((id) => configuration.head(id)))
  const contents = await Promise.all(
    ids.map((id, index) =>
      configuration.read(id, { level: 'project' }, 'metadata.yaml', pins[index] ?? {}),
    ),
  )
  assert.ok(contents.every((content) => content !== undefined))
})

/** Process ids of `git cat-file` on a repository, from the process table. */
async function readersOf(repository: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(
      async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')] as const,
    ),
  )
  return lines
    .filter(([, line]) => line.includes(`--git-dir=${repository}\0`) && line.includes('cat-file'))
    .map(([pid]) => Number(pid))
}
