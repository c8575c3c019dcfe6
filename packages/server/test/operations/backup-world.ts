import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createGit } from '../../src/adapters/git/git-command.ts'
import { openGitHome } from '../../src/adapters/git/git-home.ts'
import { openSqlite, type SqliteData } from '../../src/adapters/sqlite/open-sqlite.ts'
import { repositoriesIn } from '../../src/compose-operations.ts'
import type { RepositoryCopier } from '../../src/ports/backup.ts'
import { anEvent, append, committed } from '../store-fixtures.ts'

/** A data folder with a log, a document and a configuration repository, and room beside it; gone after the test. */
export type BackupWorld = {
  readonly folder: string
  readonly dataDir: string
  readonly data: SqliteData
  readonly repositories: RepositoryCopier
  readonly file: string
}

export const PROJECT_ID = '019b7c1d-0000-7000-8000-00000000000a'

export async function backupWorld(t: TestContext): Promise<BackupWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-backup-'))
  const dataDir = join(folder, 'data')
  const data = openSqlite({ file: join(dataDir, 'tiphys.db') })
  t.after(async () => {
    await data.close()
    await rm(folder, { recursive: true, force: true })
  })
  const created = append(`project/${PROJECT_ID}`, 0, [anEvent()], { projectId: PROJECT_ID })
  await committed(data.store.commit(created))
  await committed(data.store.commit(append('run/p1/r1', 0, [anEvent(), anEvent()])))
  await data.documents.put('argocd-instance', 'default', { connectedMs: 1, listedMs: 2 })
  await makeRepository(dataDir, PROJECT_ID)
  const repositories = await repositoriesIn(dataDir)
  return { folder, dataDir, data, repositories, file: join(folder, 'backup.tar') }
}

export async function makeRepository(dataDir: string, id: string): Promise<void> {
  const home = await openGitHome(join(dataDir, 'git-home', 'test'))
  const git = createGit({ home, protocols: [], searchPath: process.env['PATH'] ?? '' })
  const gitDirectory = join(dataDir, 'configuration', `${id}.git`)
  await git.run(['init', '--quiet', '--bare', '--initial-branch=main', gitDirectory])
  const input = `commit refs/heads/main
committer Test <test@example.com> 1700000000 +0000
data 5
first
M 644 inline shipyard.yaml
data 8
shipyard
`
  const result = await git.run(['fast-import', '--quiet'], { gitDirectory, input })
  if (result.code !== 'exited' || result.exitCode !== 0) throw new Error(JSON.stringify(result))
}
