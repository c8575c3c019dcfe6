import { strict as assert } from 'node:assert'
import { readdirSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
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
  await commitFiles(join(cli.home, 'shop.git'), 'dev', { 'carts/\u001b[2J.txt': '' })
  const strict = await cli.run(['import', 'shop.git', '--fail-on', 'error'])
  assert.equal(strict.code, 2)
  assert.match(strict.stdout, /dev:carts\/\?\[2J\.txt:1:1 \(refused\)/)
  assert.ok(!strict.stdout.includes('\u001b'))
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
  const strict = await cli.run(['import', 'directories.git', '--fail-on', 'error'])
  assert.equal(strict.code, 1)
  assert.match(strict.stderr, /^\d+ findings, and --fail-on error was asked for\.\n$/)
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

test('what cannot be read is exit code 2 and one sentence', async (t) => {
  const cli = createCli(t)
  const directory = join(cli.home, 'broken.git')
  await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', directory])
  await commitFiles(directory, 'main', { 'shipyard.yaml': 'spec:\n  stages: 5\n' })
  const cases: [string[], RegExp][] = [
    [['broken.git'], /shipyard\.yaml:2:3: spec\.stages: .*\ntiphys: shipyard\.yaml cannot be read/],
    [['not-there'], /^tiphys: "not-there" is neither a folder nor a Git URL/],
    [['.', '--project', 'shop'], /^tiphys: --project is for --apply/],
  ]
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await cli.run(['import', ...args])
    assert.match(stderr, expected)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
  }
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

  const right = await cli.run(['import', url, ...flags, '--git-token-file', '-', '-o', 'json'], {
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

/** In the place of ssh: notes how it was called, pins a host key as ssh does, and does here what the far end would do. */
const SSH = `#!/bin/sh
for word; do
  echo "$word" >> "$HOME_OF_TEST/ssh-calls"
  case "$word" in
    UserKnownHostsFile=*) echo 'git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO' >> "$(echo "$word" | cut -d'"' -f2)" ;;
    IdentityFile=*) cat "$(echo "$word" | cut -d'"' -f2)" >> "$HOME_OF_TEST/ssh-calls" ;;
  esac
done
exec sh -c "$word"
`

test('over ssh: the key is a file for as long as git runs, and the host key is shown', async (t) => {
  const cli = createCli(t)
  const { home } = cli
  await writeKeptnRepository(join(home, 'shop.git'), SHOP, 'directories')
  await mkdir(join(home, 'bin'))
  // Git gives its children a clean environment, so the double knows its folder by heart.
  await writeFile(join(home, 'bin', 'ssh'), SSH.replaceAll('$HOME_OF_TEST', home))
  await chmod(join(home, 'bin', 'ssh'), 0o755)
  await writeFile(join(home, 'key'), 'the-private-key\n', { mode: 0o600 })
  const url = `ssh://git@git.example.com${home}/shop.git`
  const env = { PATH: `${join(home, 'bin')}:${process.env['PATH']}` }
  const { code, stdout, stderr } = await cli.run(
    ['import', url, '--git-private-key', 'key', '-o', 'json'],
    { env },
  )
  assert.equal(code, 0, stderr)
  assert.equal(ImportOutput.parse(JSON.parse(stdout)).source.layout, 'directories')
  assert.match(
    stderr,
    /^The ssh host key of git\.example\.com was taken as it came: ssh-ed25519 SHA256:\S+\n/,
  )
  assert.match(await readFile(join(home, 'ssh-calls'), 'utf8'), /the-private-key/)
  assert.deepEqual(leftBehind(cli), [])
})

test('a copy under way is removed when somebody interrupts', async (t) => {
  const cli = createCli(t)
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const host = createServer(() => asked())
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    host.close()
    host.closeAllConnections()
  })
  const { port } = host.address() as AddressInfo
  const running = cli.start(['import', `http://127.0.0.1:${port}/shop.git`, '--allow-http'])
  await isAsked
  assert.equal(leftBehind(cli).length, 1)
  running.process.kill('SIGINT')
  const { code, stderr } = await running.ended
  assert.deepEqual([code, stderr], [3, 'tiphys: interrupted\n'])
  assert.deepEqual(leftBehind(cli), [])
})
