import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { Freeze } from '@tiphys/contract/freeze.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { QueuePolicy } from '@tiphys/contract/project-yaml.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import type { ControlRequest, Engine, EngineAnswer } from '../../src/engine/engine.ts'
import { startEngine } from '../../src/engine/engine-loop.ts'
import type { ProjectSnapshot } from '../../src/engine/project-snapshot.ts'
import { createApprovalExecutor } from '../../src/executors/approval/approval-executor.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import type { Actor } from '../../src/intake/actor.ts'
import type { Store } from '../../src/ports/store.ts'
import { LostCopyError } from '../../src/ports/upstreams.ts'
import {
  PROJECT_ID,
  SIMULATED_SNAPSHOT,
  simulatedProjects,
} from '../simulation/simulated-project.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

export const CI: Actor = { name: 'ci', scopes: ['trigger', 'answer', 'approve'], projects: ['*'] }
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const START_MS = Date.UTC(2026, 0, 1)

export type Harness = Awaited<ReturnType<typeof engineHarness>>

export type HarnessOptions = {
  readonly stages?: readonly object[]
  readonly queue?: QueuePolicy
  readonly executors?: readonly TaskExecutor[]
  readonly store?: Store
  readonly freezes?: readonly Freeze[]
}

/** A real engine on a virtual clock and an in-memory store, with one project whose shipyard the test writes. */
export async function engineHarness(options: HarnessOptions = {}) {
  const clock = virtualClock(START_MS)
  const store = options.store ?? createMemoryStore()
  const shipyard =
    options.stages === undefined
      ? SIMULATED_SNAPSHOT.shipyard
      : Shipyard.parse({ apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages: options.stages } })
  const settings = (freezes: readonly Freeze[] | undefined) =>
    freezes === undefined ? {} : { freezes: [...freezes] }
  let snapshot: ProjectSnapshot = {
    ...SIMULATED_SNAPSHOT,
    shipyard,
    settings: settings(options.freezes),
    stageSettings: () => (options.queue === undefined ? {} : { queue: options.queue }),
  }
  let isLost = false
  const lost = { code: 'unreachable', message: 'it is lost', retryable: true } as const
  const projects = {
    ...simulatedProjects,
    snapshot: () => (isLost ? Promise.reject(new LostCopyError(lost)) : Promise.resolve(snapshot)),
    snapshotAt: () => Promise.resolve(snapshot),
  }
  const boot = () =>
    startEngine({
      store,
      clock,
      log: QUIET,
      projects,
      loadedSnapshot: () => (isLost ? undefined : snapshot),
      executors: [createApprovalExecutor(), ...(options.executors ?? [])],
      isSubscribed: () => false,
    })
  let engine = await boot()
  let ids = 0

  const event = (type: string, data: JsonObject, more: Partial<KeptnEvent> = {}): KeptnEvent => ({
    id: `e${ids++}`,
    type: `sh.keptn.event.${type}`,
    source: 'test',
    specversion: '1.0',
    time: '2026-01-01T00:00:00.000Z',
    data: { project: 'shop', service: 'carts', ...data },
    ...more,
  })

  return {
    clock,
    store,
    event,
    engine: (): Engine => engine,
    /** The newest configuration names other freezes, or none. */
    freeze(freezes?: readonly Freeze[]) {
      snapshot = { ...snapshot, settings: settings(freezes) }
    },
    /** The newest configuration has another shipyard. */
    rewrite(stages: readonly object[]) {
      const changed = Shipyard.parse({ apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages } })
      snapshot = { ...snapshot, shipyard: changed }
    },
    /** From the next start on nobody can read the configuration; `false`: it is there again. */
    lose(isGone = true) {
      isLost = isGone
    },
    async restart() {
      await engine.close()
      engine = await boot()
      await settle(engine)
    },
    async trigger(
      name: string,
      context: string,
      more: Partial<Parameters<Engine['submit']>[0]> = {},
    ): Promise<EngineAnswer> {
      const [stage] = name.split('.')
      const triggered = event(
        `${name}.triggered`,
        { stage: stage ?? '' },
        { shkeptncontext: context },
      )
      const answer = await engine.submit({
        event: triggered,
        projectId: PROJECT_ID,
        actor: CI,
        ...more,
      })
      await settle(engine)
      return answer
    },
    /** Answers the one open task of a context, or the first of this name. */
    async finish(
      context: string,
      data: JsonObject = {},
      actor: Actor = CI,
      name?: string,
    ): Promise<EngineAnswer> {
      const type = name === undefined ? {} : { type: `sh.keptn.event.${name}.triggered` }
      const [open] = engine.openTriggered({ context, ...type })
      if (open === undefined) throw new Error(`no task is open in context ${context}`)
      const task = open.type.split('.')[3] ?? ''
      const finished = event(
        `${task}.finished`,
        { status: 'succeeded', result: 'pass', stage: open.data['stage'] ?? '', ...data },
        { triggeredid: open.id, shkeptncontext: context },
      )
      const answer = await engine.submit({ event: finished, projectId: PROJECT_ID, actor })
      await settle(engine)
      return answer
    },
    why: (context: string) => engine.why(PROJECT_ID, context),
    control: (context: string, action: ControlRequest['action'], reason?: string) =>
      engine
        .control({
          projectId: PROJECT_ID,
          context,
          action,
          actor: CI,
          ...(reason === undefined ? {} : { reason }),
        })
        .then(async ({ runs }) => {
          await settle(engine)
          return runs
        }),
    async rerun(runId: string, from?: string) {
      const wish = { projectId: PROJECT_ID, runId, actor: CI, newRunId: `rerun-${ids++}` }
      const answer = await engine.rerun(from === undefined ? wish : { ...wish, from })
      await settle(engine)
      return answer
    },
    /** Ids of the runs of a context, in the order they began. */
    async runs(context: string): Promise<string[]> {
      const rows = await store.readLog(0, 1_000)
      return rows
        .filter((row) => row.version === 1 && row.stream.startsWith('run/'))
        .filter((row) => row.event.shkeptncontext === context)
        .map((row) => row.event.id)
    },
    /** The open tasks, as `context:task`. */
    open: () =>
      engine.openTriggered({}).map((one) => `${one.shkeptncontext}:${one.type.split('.')[3]}`),
    async pass(durationMs: number) {
      const endMs = clock.nowMs() + durationMs
      while (clock.step(endMs)) await settle(engine)
      await settle(engine)
    },
    settle: () => settle(engine),
    async types(context: string): Promise<string[]> {
      const rows = await store.readLog(0, 1_000)
      return rows
        .filter((row) => row.event.shkeptncontext === context)
        .map((row) => row.event.type.replace('sh.keptn.event.', ''))
    },
  }
}

/** Executors report through promises of their own, so a few turns of the event loop settle everything that needs no time. */
async function settle(engine: Engine): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await engine.settled()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
