import { strict as assert } from 'node:assert'
import { readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ImportFinding, ImportOutput } from '@tiphys/contract/import-report.ts'
import { startGitHost } from './git-host.ts'
import { assertGolden } from './golden.ts'
import { commitFiles, git, type Layout, writeKeptnRepository } from './keptn-repository.ts'
import { SHOP } from './keptn-shop.ts'
import { type Cli, createCli } from './run-cli.ts'

async function report(cli: Cli, source: string, ...more: string[]) {
  const { code, stdout, stderr } = await cli.run(['import', source, '-o', 'json', ...more])
  assert.equal(code, 0, stderr)
  return ImportOutput.parse(JSON.parse(stdout))
}

function leftBehind(cli: Cli): string[] {
  return readdirSync(cli.home).filter((name) => name.startsWith('tiphys-import-'))
}

test('the report as people read it', async (t) => {
  const cli = createCli(t)
  await writeKeptnRepository(join(cli.home, 'shop.git'), SHOP, 'branch-per-stage')
  const { code, stdout, stderr } = await cli.run(['import', 'shop.git'])
  assert.deepEqual([code, stderr], [0, ''])
  assertGolden('import.txt', stdout)
  assert.deepEqual(leftBehind(cli), [])
  const strict = await cli.run(['import', 'shop.git', '--fail-on', 'error'])
  assert.equal(strict.code, 1)
})

test('both layouts, a clone and a folder say the same', async (t) => {
  const cli = createCli(t)
  const layouts: Layout[] = ['branch-per-stage', 'directories']
  for (const layout of layouts) {
    await writeKeptnRepository(join(cli.home, `${layout}.git`), SHOP, layout)
  }
  await git(['clone', '--quiet', join(cli.home, 'branch-per-stage.git'), join(cli.home, 'clone')])
  // What is checked out, and what lies there uncommitted, does not matter.
  await git(['-C', join(cli.home, 'clone'), 'checkout', '--quiet', 'dev'])
  await writeFile(join(cli.home, 'clone', 'shipyard.yaml'), 'broken: [')
  const inBranches = await report(cli, 'branch-per-stage.git')
  const inFolders = await report(cli, 'directories.git')
  const cloned = await report(cli, 'clone')
  assert.deepEqual(cloned.findings, inBranches.findings)
  assert.equal(inBranches.source.layout, 'branch-per-stage')
  assert.equal(inFolders.source.layout, 'directories')
  // Stages of the branch layout hold copies of the project's files from the day they were made.
  const own = ({ findings }: ImportOutput) =>
    findings.filter(({ file }) => file?.endsWith('prometheus/sli.yaml') !== true).map(told)
  assert.deepEqual(own(inBranches), own(inFolders))

  await git(['clone', '--quiet', join(cli.home, 'directories.git'), join(cli.home, 'folder')])
  await git(['-C', join(cli.home, 'folder'), 'checkout-index', '-a', `--prefix=${cli.home}/plain/`])
  const plain = await report(cli, 'plain')
  assert.deepEqual(plain.findings.map(told), inFolders.findings.map(told))
  assert.equal(plain.source.commit, undefined)
})

function told({ code, stage, service, line, column, was, now }: ImportFinding) {
  return { code, stage, service, line, column, was, now }
}

test('what is no Keptn project is said in one sentence, and exit code 2', async (t) => {
  const cli = createCli(t)
  const bare = async (name: string, branches: Readonly<Record<string, Record<string, string>>>) => {
    const directory = join(cli.home, name)
    await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', directory])
    for (const [branch, files] of Object.entries(branches)) {
      await commitFiles(directory, branch, files)
    }
  }
  await bare('empty.git', {})
  await bare('fresh.git', { main: { 'README.md': '# Shop\n' } })
  await bare('code.git', { main: { 'src/main.go': 'package main\n' } })
  await bare('other.git', { trunk: { 'shipyard.yaml': SHOP.shipyard } })
  await bare('broken.git', { main: { 'shipyard.yaml': 'spec:\n  stages: 5\n' } })
  await mkdir(join(cli.home, 'nothing'))
  await writeFile(join(cli.home, 'file.txt'), '')
  const cases: [string[], RegExp][] = [
    [['empty.git'], /^tiphys: empty\.git is empty: it has no branches/],
    [['fresh.git'], /^tiphys: fresh\.git is empty: it has no shipyard\.yaml/],
    [
      ['code.git'],
      /^tiphys: code\.git: branch main has no shipyard\.yaml, but other files \(src\/main\.go\)\n/,
    ],
    [
      ['other.git'],
      /^tiphys: other\.git: it has no branch main; say --branch .*\(there are trunk\)\n/,
    ],
    [['broken.git'], /shipyard\.yaml:2:3: spec\.stages: .*\ntiphys: shipyard\.yaml cannot be read/],
    [['nothing'], /^tiphys: nothing is empty: it has no shipyard\.yaml/],
    [['nothing', '--branch', 'dev'], /is no Git repository, so it has no branch dev\n/],
    [['file.txt'], /^tiphys: file\.txt is a file;/],
    [['not-there'], /^tiphys: "not-there" is neither a folder nor a Git URL/],
    [
      ['https://me:secret@git.example.com/shop.git'],
      /give them with --git-user and --git-token\n$/,
    ],
    [['http://git.example.com/shop.git'], /^tiphys: http:\/\/ is not encrypted/],
    [['code.git', '--project', 'shop'], /^tiphys: --project is for --apply/],
  ]
  const results = await Promise.all(cases.map(([args]) => cli.run(['import', ...args])))
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    const [args, expected] = cases[index] ?? [[], /^$/]
    assert.match(stderr, expected, args.join(' '))
    assert.ok(!stderr.includes('secret'))
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
  }
  const trunk = await report(cli, 'other.git', '--branch', 'trunk')
  assert.equal(trunk.source.branch, 'trunk')
  assert.deepEqual(leftBehind(cli), [])
})

test('a private repository over HTTP: wrong token, right token, host away', async (t) => {
  const cli = createCli(t)
  await mkdir(join(cli.home, 'host'))
  await writeKeptnRepository(join(cli.home, 'host', 'shop.git'), SHOP, 'branch-per-stage')
  const host = await startGitHost(t, join(cli.home, 'host'), {
    user: 'tiphys',
    token: 't0p-secret',
  })
  const url = `${host.url}/shop.git`
  const flags = ['--allow-http', '--git-user', 'tiphys']

  const none = await cli.run(['import', url, '--allow-http'])
  assert.equal(none.code, 2)
  assert.match(
    none.stderr,
    /does not accept the credentials, or there are none for it; give them with --git-user/,
  )
  const wrong = await cli.run(['import', url, ...flags, '--git-token', 'wr0ng-secret'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /^tiphys: 127\.0\.0\.1:\d+\/shop: it does not accept the credentials/)
  assert.ok(!`${wrong.stdout}${wrong.stderr}`.includes('wr0ng-secret'))

  const right = await cli.run(['import', url, ...flags, '--git-token', '-', '-o', 'json'], {
    stdin: 't0p-secret\n',
  })
  assert.equal(right.code, 0, right.stderr)
  const remote = ImportOutput.parse(JSON.parse(right.stdout))
  assert.deepEqual(remote.findings, (await report(cli, 'host/shop.git')).findings)
  assert.ok(!right.stdout.includes('t0p-secret'))

  const missing = await cli.run(['import', `${host.url}/other.git`, ...flags], {
    env: { TIPHYS_GIT_TOKEN: 't0p-secret' },
  })
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /there is no such repository, or these credentials do not see it/)
  const away = await cli.run(['import', 'http://127.0.0.1:9/shop.git', '--allow-http'])
  assert.equal(away.code, 3)
  assert.match(away.stderr, /it cannot be reached/)
  assert.deepEqual(leftBehind(cli), [])
})
