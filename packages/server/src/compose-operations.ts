import { join } from 'node:path'
import { createGit } from './adapters/git/git-command.ts'
import { openGitHome } from './adapters/git/git-home.ts'
import { createRepositoryCopier } from './adapters/git/repository-copier.ts'
import { createLogCopier } from './adapters/sqlite/log-copier.ts'
import { type Backups, createBackups } from './operations/backups.ts'
import type { RepositoryCopier } from './ports/backup.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import { DATABASE_FILE } from './rebuild-projections.ts'
import type { ServerSettings } from './settings/load-settings.ts'
import { VERSION } from './version.ts'

/** Backups of this server. */
export async function composeBackups(parts: {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Log
}): Promise<Backups> {
  const { settings, clock, log } = parts
  const { dataDir } = settings
  return await createBackups({
    dataDir,
    log: createLogCopier(join(dataDir, DATABASE_FILE)),
    repositories: await repositoriesIn(dataDir),
    clock,
    version: VERSION,
    hasKeyInSettings: settings.secretKey !== undefined,
    logger: log,
  })
}

/** The configuration repositories of a data folder. Git gets a home of its own: it talks to nobody, and needs no keys. */
export async function repositoriesIn(dataDir: string): Promise<RepositoryCopier> {
  const git = createGit({
    home: await openGitHome(join(dataDir, 'git-home', 'backup')),
    protocols: [],
    searchPath: process.env['PATH'] ?? '',
  })
  return createRepositoryCopier(git, join(dataDir, 'configuration'))
}
