import type { RunInput } from '@tiphys/core/sequence/decide-run.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import type { WaitingReason } from '@tiphys/core/sequence/why.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ProjectRecord } from '../projects/projects.ts'
import type { EngineParts } from './engine-parts.ts'
import type { RunBook } from './run-book.ts'

/**
 * Runs of a project whose configuration cannot be had since the start, because its local copy is lost and its upstream is down. They
 * are paused, so that their clocks stand still and that a restart in between changes nothing, and go on when the configuration is there.
 */
export type Standstill = {
  /** Whether nothing may be decided about this project now. */
  holds(projectId: string): boolean
  /** Pauses what has to wait, lets go on what waited, and looks again while anything waits. Never rejects. */
  look(): Promise<void>
  /** Why an open run waits, when it is for this. */
  why(run: OpenRun): WaitingReason | undefined
  stop(): void
}

export type StandstillParts = {
  readonly clock: Clock
  readonly log: Log
  readonly book: () => RunBook
  readonly isLoaded: (projectId: string) => boolean
  readonly project: (projectId: string) => ProjectRecord | undefined
  /** Drives these runs in one step; on disk when it resolves. */
  readonly drive: (runIds: readonly string[], input: RunInput) => Promise<void>
  /** Sets due times, starts executors, decides what is due. */
  readonly goOn: (projectId: string) => void
}

/** Who such a pause is by. No token is called like this: names have no spaces. */
const HOLDER = 'the loss of its configuration'
const LOOK_EVERY_MS = 1_000

export function createStandstill(parts: StandstillParts): Standstill {
  const { clock, log, book, isLoaded } = parts
  const held = new Map<string, number>()
  let cancel = () => {}
  let isStopped = false

  const runsOf = (projectId: string) =>
    [...book().runs.values()].filter((run) => run.plan.projectId === projectId)
  const holds = (projectId: string) => !isLoaded(projectId)
  const failureOf = (projectId: string) => parts.project(projectId)?.upstream?.failure
  const sentence = (projectId: string) =>
    failureOf(projectId)?.message ?? 'its upstream has not sent the local copy yet'

  async function hold(projectId: string): Promise<void> {
    const runs = runsOf(projectId)
    if (!held.has(projectId)) {
      held.set(projectId, clock.nowMs())
      const project = parts.project(projectId)?.name ?? projectId
      const data = { project, runs: runs.length, message: sentence(projectId) }
      log.error(data, 'the configuration of a project cannot be had: its runs wait for it')
    }
    const running = runs.filter((run) => run.paused === undefined).map((run) => run.runId)
    const pause = { type: 'pause', by: HOLDER, scope: 'context' } as const
    if (running.length > 0) await parts.drive(running, pause)
  }

  async function release(projectId: string): Promise<void> {
    const paused = runsOf(projectId).filter((run) => run.paused?.by === HOLDER)
    const runIds = paused.map((run) => run.runId)
    if (runIds.length > 0) await parts.drive(runIds, { type: 'resume', by: 'tiphys' })
    if (!held.delete(projectId)) return
    parts.goOn(projectId)
    const project = parts.project(projectId)?.name ?? projectId
    log.info({ project }, 'the configuration of a project is there again: its runs go on')
  }

  async function look(): Promise<void> {
    cancel()
    const waiting = [...book().runs.values()].filter(
      ({ plan, paused }) => holds(plan.projectId) || paused?.by === HOLDER,
    )
    const joins = [...book().joins.all()].map(({ scope }) => scope.projectId).filter(holds)
    const projectIds = [...waiting.map(({ plan }) => plan.projectId), ...joins, ...held.keys()]
    for (const projectId of new Set(projectIds)) {
      // Deleted meanwhile.
      if (parts.project(projectId) === undefined) {
        held.delete(projectId)
        continue
      }
      await (holds(projectId) ? hold(projectId) : release(projectId)).catch((error: unknown) => {
        if (!isStopped) log.error({ projectId, error }, 'runs that wait could not be noted')
      })
    }
    if (projectIds.length === 0 || isStopped) return
    cancel = clock.at(clock.nowMs() + LOOK_EVERY_MS, () => void look())
  }

  return {
    holds,
    look,
    why(run) {
      const { projectId, project, stage, service, sequence } = run.plan
      if (!holds(projectId)) return undefined
      return {
        runId: run.runId,
        stage,
        service,
        sequence,
        code: 'configuration',
        message: `the configuration of project ${project} cannot be had: ${sentence(projectId)}`,
        sinceMs: failureOf(projectId)?.sinceMs ?? held.get(projectId) ?? clock.nowMs(),
        resolvedBy: `the upstream of ${project}, which is asked every 30 s`,
      }
    },
    stop() {
      isStopped = true
      cancel()
    },
  }
}

/** A run that another server began while its project was deleted ends by itself, with what is left of its configuration. */
export async function loadUnlisted(parts: EngineParts, book: RunBook): Promise<void> {
  const { projects, loadedSnapshot, log } = parts
  const projectIds = new Set([...book.runs.values()].map((run) => run.plan.projectId))
  for (const projectId of projectIds) {
    if (projects.byId(projectId) !== undefined || loadedSnapshot(projectId) !== undefined) continue
    await projects.snapshot(projectId).catch((error: unknown) => {
      log.error({ projectId, error }, 'runs of a project that is not there wait for ever')
    })
  }
}
