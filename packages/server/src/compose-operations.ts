import { join } from 'node:path'
import { parseRetention } from '@tiphys/contract/retention.ts'
import { createGit } from './adapters/git/git-command.ts'
import { openGitHome } from './adapters/git/git-home.ts'
import { createRepositoryCopier } from './adapters/git/repository-copier.ts'
import { createLogCopier } from './adapters/sqlite/log-copier.ts'
import { newId } from './adapters/system/new-id.ts'
import type { Engine } from './engine/engine.ts'
import type { ProjectSnapshot } from './engine/project-snapshot.ts'
import { type Backups, createBackups } from './operations/backups.ts'
import { createContextDeletion, type DeleteContext } from './operations/delete-context.ts'
import { startRetention } from './operations/retention.ts'
import type { Artifacts } from './ports/artifacts.ts'
import type { RepositoryCopier } from './ports/backup.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { Projections } from './ports/projections.ts'
import type { Store } from './ports/store.ts'
import { LostCopyError } from './ports/upstreams.ts'
import type { Projects } from './projects/projects.ts'
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

/** The deletion of what is over, now and then. */
export function composeDeletion(parts: {
  readonly settings: Pick<ServerSettings, 'retentionMs'>
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly projections: Projections
  readonly projects: Projects
  readonly engine: Pick<Engine, 'openRunsOf'>
  readonly artifacts: Artifacts
}): { readonly deleteContext: DeleteContext; readonly start: () => () => Promise<void> } {
  const { settings, clock, projects } = parts
  const shared = { ...parts, newId: () => newId(clock.nowMs()) }
  const deleteContext = createContextDeletion(shared)
  const serverMs = settings.retentionMs ?? Number.POSITIVE_INFINITY
  const start = () =>
    startRetention({
      ...shared,
      deleteContext,
      projects: () =>
        Promise.all(
          projects.list().map(async ({ projectId }) => {
            const { settings: own, settingsProblem } = await settingsOf(projects, projectId)
            if (settingsProblem !== undefined) {
              parts.log.warn({ projectId, settingsProblem }, KEEPS_ALL)
              return { projectId, retentionMs: Number.POSITIVE_INFINITY }
            }
            const { retention } = own
            const ownMs = retention === undefined ? undefined : parseRetention(retention)
            return { projectId, retentionMs: ownMs ?? serverMs }
          }),
        ),
    })
  return { deleteContext, start }
}

/** While the files of a project are lost, they are files that cannot be read. */
async function settingsOf(
  projects: Projects,
  projectId: string,
): Promise<Pick<ProjectSnapshot, 'settings' | 'settingsProblem'>> {
  try {
    return await projects.snapshot(projectId)
  } catch (error) {
    if (!(error instanceof LostCopyError)) throw error
    return { settings: {}, settingsProblem: error.message }
  }
}

/** Its own retention may be longer than the server's, and stands in a file that cannot be read. */
const KEEPS_ALL = 'nothing of a project is forgotten while its tiphys/project.yaml cannot be read'

/** The configuration repositories of a data folder. Git gets a home of its own: it talks to nobody, and needs no keys. */
export async function repositoriesIn(dataDir: string): Promise<RepositoryCopier> {
  const git = createGit({
    home: await openGitHome(join(dataDir, 'git-home', 'backup')),
    protocols: [],
    searchPath: process.env['PATH'] ?? '',
  })
  return createRepositoryCopier(git, join(dataDir, 'configuration'))
}
