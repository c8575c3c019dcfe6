import { strict as assert } from 'node:assert'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ImportOutput } from '@tiphys/contract/import-report.ts'
import { startGitHost } from './git-host.ts'
import { commitFiles, git, type Layout, writeKeptnRepository } from './keptn-repository.ts'
import { SHOP } from './keptn-shop.ts'
import { startRealServer } from './real-server.ts'
import { type Cli, createCli } from './run-cli.ts'

async function apply(cli: Cli, source: string, ...more: string[]) {
  const { code, stdout, stderr } = await cli.run([
    'import',
    source,
    '--apply',
    '-o',
    'json',
    ...more,
  ])
  const { applied } = stdout === '' ? {} : ImportOutput.parse(JSON.parse(stdout))
  return { code, stderr, applied }
}

test('a project of either layout is created, runs, and is created once', async (t) => {
  const server = await startRealServer(t)
  const { cli } = server
  const layouts: [Layout, string, number][] = [
    // The copies that Keptn made of prometheus/sli.yaml for each stage are files of the stage.
    ['branch-per-stage', 'in-branches', 12],
    ['directories', 'in-folders', 10],
  ]
  for (const [layout, project, files] of layouts) {
    const source = `${layout}.git`
    await writeKeptnRepository(join(cli.home, source), SHOP, layout)
    const first = await apply(cli, source, '--project', project)
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(
      { ...first.applied, commits: undefined },
      {
        project,
        projectCreated: true,
        servicesCreated: ['carts', 'orders'],
        filesWritten: files,
        filesUnchanged: 0,
        filesDifferent: [],
        commits: undefined,
        filesVerified: files,
      },
    )
    const run = await cli.run([
      'trigger',
      'sequence',
      'check',
      `--project=${project}`,
      '--stage=dev',
      '--service=carts',
      '--wait',
    ])
    assert.equal(run.code, 0, run.stderr)
    assert.match(run.stderr, /production check: pass/)
  }
  const again = await cli.run(['import', 'directories.git', '--apply', '--project', 'in-folders'])
  assert.equal(again.code, 0, again.stderr)
  assert.match(
    again.stdout,
    /^Project in-folders was there already: no new services, no new files\.\nThere already, with the same content: 10 files\.$/m,
  )
})

test('what was changed on the server stays, unless it is said otherwise', async (t) => {
  const { cli } = await startRealServer(t)
  const source = join(cli.home, 'shop.git')
  await writeKeptnRepository(source, SHOP, 'branch-per-stage')
  assert.equal((await apply(cli, 'shop.git')).applied?.project, 'shop')

  await writeFile(join(cli.home, 'slo.yaml'), 'objectives: []\n')
  const place = ['--project=shop', '--stage=dev', '--service=carts']
  await cli.run(['add-resource', ...place, '--resource=slo.yaml'])
  await commitFiles(source, 'dev', { 'carts/new.txt': 'new\n' })
  const kept = await apply(cli, 'shop.git')
  assert.equal(kept.code, 1)
  assert.deepEqual(kept.applied?.filesDifferent, ['carts in stage dev: slo.yaml'])
  assert.deepEqual([kept.applied?.filesWritten, kept.applied?.commits], [1, 1])
  const replaced = await apply(cli, 'shop.git', '--overwrite')
  assert.deepEqual(
    [replaced.code, replaced.applied?.filesWritten, replaced.applied?.filesDifferent],
    [0, 1, []],
  )

  const other = SHOP.shipyard.replace('scan-image', 'scan-images')
  await commitFiles(source, 'main', { 'shipyard.yaml': other })
  const refused = await apply(cli, 'shop.git')
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /^tiphys: project shop is there with another shipyard\.yaml, so nothing was changed/,
  )
  const updated = await apply(cli, 'shop.git', '--overwrite')
  assert.equal(updated.code, 0, updated.stderr)
})

test('a repository that was adopted holds what --apply would have written', async (t) => {
  const { cli } = await startRealServer(t, ['--git-protocols=https,http'])
  await mkdir(join(cli.home, 'host'))
  const directory = join(cli.home, 'host', 'shop.git')
  await writeKeptnRepository(directory, SHOP, 'branch-per-stage')
  await git([`--git-dir=${directory}`, 'config', 'http.receivepack', 'true'])
  const login = { user: 'tiphys', token: 't0p-secret' }
  const host = await startGitHost(t, join(cli.home, 'host'), login)
  const flags = ['--git-remote-url', `${host.url}/shop.git`, '--git-user', login.user]
  const adopted = await cli.run(['create', 'project', 'shop', ...flags, '--git-token', login.token])
  assert.equal(adopted.code, 0, adopted.stderr)
  const { code, applied } = await apply(cli, 'host/shop.git')
  assert.equal(code, 0)
  assert.deepEqual(
    [
      applied?.projectCreated,
      applied?.servicesCreated,
      applied?.filesWritten,
      applied?.filesUnchanged,
    ],
    [false, [], 0, 12],
  )
})

test('a project that the server would refuse is not begun: nobody is asked', async (t) => {
  const cli = createCli(t, { TIPHYS_ENDPOINT: 'http://127.0.0.1:9' })
  const source = join(cli.home, 'shop.git')
  await writeKeptnRepository(source, SHOP, 'branch-per-stage')
  const away = await cli.run(['import', 'shop.git', '--apply'])
  assert.equal(away.code, 3)
  assert.match(away.stderr, /^tiphys: cannot reach http:\/\/127\.0\.0\.1:9: /)
  await commitFiles(source, 'dev', { 'carts/tiphys/tests.yaml': 'tests: []\n' })
  const refused = await cli.run(['import', 'shop.git', '--apply', '--project', 'shop'])
  assert.equal(refused.code, 2)
  assert.match(refused.stdout, /dev:carts\/tiphys\/tests\.yaml:1:1 \(refused\)/)
  assert.match(refused.stdout, /Nothing was created: the server would refuse/)
})
