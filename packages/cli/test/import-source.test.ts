import { strict as assert } from 'node:assert'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { CommandFailure } from '../src/failure.ts'
import { openSource, type SourceFlags } from '../src/import/open-source.ts'
import { readProject } from '../src/import/read-project.ts'
import { commitFiles, git } from './keptn-repository.ts'
import { SHOP } from './keptn-shop.ts'

const SHIPYARD = { 'shipyard.yaml': SHOP.shipyard }

/** A folder that goes with the test, and repositories in it. */
async function openFolder(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-sources-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const bare = async (name: string, branches: Readonly<Record<string, Record<string, string>>>) => {
    const directory = join(folder, name)
    await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', directory])
    for (const [branch, files] of Object.entries(branches)) {
      await commitFiles(directory, branch, files)
    }
    return directory
  }
  return { folder, bare }
}

async function read(place: string, flags: SourceFlags = {}) {
  await using source = await openSource(place, flags, new AbortController().signal)
  return await readProject(source)
}

test('what is no Keptn project is said in one sentence', async (t) => {
  const { folder, bare } = await openFolder(t)
  await mkdir(join(folder, 'nothing'))
  await writeFile(join(folder, 'file.txt'), '')
  const other = await bare('other.git', { trunk: SHIPYARD })
  const cases: [string, SourceFlags, RegExp][] = [
    [await bare('empty.git', {}), {}, /empty\.git is empty: it has no branches/],
    [
      await bare('fresh.git', { main: { 'README.md': '# Shop\n' } }),
      {},
      /fresh\.git is empty: it has no shipyard\.yaml/,
    ],
    [
      await bare('code.git', { main: { 'src/main.go': 'package main\n' } }),
      {},
      /code\.git: branch main has no shipyard\.yaml, but other files \(src\/main\.go\)$/,
    ],
    [other, {}, /other\.git: it has no branch main; say --branch .*\(there are trunk\)$/],
    [join(folder, 'nothing'), {}, /nothing is empty: it has no shipyard\.yaml/],
    [join(folder, 'nothing'), { branch: 'dev' }, /is no Git repository, so it has no branch dev$/],
    [join(folder, 'file.txt'), {}, /file\.txt is a file;/],
    [join(folder, 'not-there'), {}, /not-there" is neither a folder nor a Git URL/],
    ['https://me:secret@git.example.com/shop.git', {}, /with --git-user and --git-token$/],
    ['http://git.example.com/shop.git', {}, /^http:\/\/ is not encrypted/],
    ['https://git.example.com/shop.git', { gitPrivateKey: 'key' }, /^a private key is for ssh/],
  ]
  for (const [place, flags, expected] of cases) {
    await assert.rejects(read(place, flags), (error: unknown) => {
      assert.ok(error instanceof CommandFailure, String(error))
      assert.match(error.message, expected)
      assert.ok(!error.message.includes('secret'))
      assert.equal(error.exitCode, 2)
      return true
    })
  }
  const trunk = await read(other, { branch: 'trunk' })
  assert.equal(trunk.repository.branch, 'trunk')
  await commitFiles(other, 'trunk', { 'metadata.yaml': 'projectname: of-an-older-keptn\n' })
  assert.equal((await read(other, { branch: 'trunk' })).repository.project, 'of-an-older-keptn')
})

test('a file URL is a folder, a link is no file, and files of Git are nobody’s', async (t) => {
  const { folder, bare } = await openFolder(t)
  const directory = await bare('shop.git', {
    main: { ...SHIPYARD, '.gitignore': '', '.github/CODEOWNERS': '', 'slo.yaml': '' },
  })
  const link = 'data 8\nslo.yaml'
  await git(
    [`--git-dir=${directory}`, 'fast-import', '--quiet', '--done'],
    `commit refs/heads/main\ncommitter k <k@k> 1683194400 +0000\ndata 1\nx\nfrom refs/heads/main^0\nM 120000 inline link.yaml\n${link}\ndone\n`,
  )
  const { repository } = await read(pathToFileURL(directory).href)
  const uris = (files: readonly { readonly uri: string }[]) => files.map(({ uri }) => uri)
  assert.deepEqual(uris(repository.files), ['shipyard.yaml', 'slo.yaml'])
  assert.deepEqual(uris(repository.notFiles), ['link.yaml'])
  assert.deepEqual(repository.missingStages, ['dev', 'production'])
  assert.ok(folder)
})

test('a repository with more files than any project has is left alone', async (t) => {
  const { bare } = await openFolder(t)
  const names = Array.from({ length: 20_001 }, (_, index) => [`data/${index}.txt`, ''])
  const directory = await bare('big.git', { main: { ...SHIPYARD, ...Object.fromEntries(names) } })
  await assert.rejects(read(directory), /has 20002 files on branch main; at most 20000 are read$/)
})
