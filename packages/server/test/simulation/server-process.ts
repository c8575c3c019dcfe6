import type { KeptnEvent } from '@tiphys/contract/event.ts'
import {
  createProjections,
  type ProjectionRunner,
} from '../../src/adapters/projections/projections.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { startEngine } from '../../src/engine/engine-loop.ts'
import { startHousekeeping } from '../../src/engine/housekeeping.ts'
import { createOutbox, type EffectHandler, type Outbox } from '../../src/engine/outbox.ts'
import { createApprovalExecutor } from '../../src/executors/approval/approval-executor.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import { createIntake } from '../../src/intake/create-intake.ts'
import type { Intake } from '../../src/intake/intake.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { PROJECTIONS } from '../../src/projections/all-projections.ts'
import { checkFile } from '../../src/projects/check-file.ts'
import { type LoadedProjects, loadProjects } from '../../src/projects/create-projects.ts'
import { allows } from '../../src/security/allows.ts'
import type { Disk } from './disk.ts'
import type { Life } from './faulty-store.ts'

/** One life of the server, composed as main.ts does, without HTTP, Git and Argo CD. */
export type ServerProcess = {
  /** Counts lives from 1. */
  readonly number: number
  readonly intake: Intake
  readonly engine: Engine
  readonly projects: LoadedProjects
  readonly projections: ProjectionRunner
  readonly outbox: Outbox
  readonly store: Store
  readonly isDead: () => boolean
  /** Takes no inputs any more and writes what is decided. */
  stop(): Promise<void>
}

export type ServerParts = {
  readonly number: number
  readonly life: Life
  /** Whose timers end with the process. */
  readonly clock: Clock
  readonly disk: Disk
  readonly newId: () => string
  readonly executors: readonly TaskExecutor[]
  readonly isSubscribed: boolean
  readonly effectHandler: EffectHandler
  readonly onError: (data: object, message: string) => void
}

export const HINT_TYPE = 'sh.keptn.events.problem'
const HINT = 'hint'

/** Everything is started again from the disk. Throws when the disk cannot be read: a supervisor would try again. */
export async function startProcess(parts: ServerParts): Promise<ServerProcess> {
  const { life, disk, clock, number, newId } = parts
  const { store } = life
  const log = { debug() {}, info() {}, warn() {}, error: parts.onError }
  const projections = createProjections({
    store,
    storage: disk.projectionStorage,
    projections: PROJECTIONS,
  })
  const outbox = createOutbox({ store, clock, log, handlers: { [HINT]: parts.effectHandler } })
  let running: Engine | undefined
  const projects = await loadProjects({
    store,
    clock,
    configuration: disk.configuration,
    newId,
    checkFile,
    endRuns: async (projectId) => {
      await running?.forgetProject(projectId)
      await projections.forgetProject(projectId)
    },
  })
  const engine = await startEngine({
    store,
    clock,
    log,
    projects,
    loadedSnapshot: (projectId) => projects.loaded(projectId),
    executors: [createApprovalExecutor(), ...parts.executors],
    isSubscribed: () => parts.isSubscribed,
    onEffects: () => outbox.wake(),
  })
  running = engine
  const intake = createIntake({ engine, projects, clock, newId, allows, hintOf: hintOf(clock) })
  outbox.wake()
  startHousekeeping({ store, clock, log })
  const { isDead } = life
  return {
    number,
    intake,
    engine,
    projects,
    projections,
    outbox,
    store,
    isDead,
    stop: () => engine.close(),
  }
}

/** What would be looked into by a call to Argo CD: the event goes to the inbox with an effect beside it. */
function hintOf(clock: Clock) {
  return (event: KeptnEvent, _clientId: string, projectId: string) =>
    event.type === HINT_TYPE
      ? { key: `hint:${event.id}`, kind: HINT, body: {}, dueMs: clock.nowMs(), projectId }
      : undefined
}
