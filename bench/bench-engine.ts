import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { openSqlite } from '@tiphys/server/adapters/sqlite/open-sqlite.ts'
import { createSystemClock } from '@tiphys/server/adapters/system/system-clock.ts'
import type { Engine } from '@tiphys/server/engine/engine.ts'
import { startEngine } from '@tiphys/server/engine/engine-loop.ts'
import type { ProjectSnapshot } from '@tiphys/server/engine/project-snapshot.ts'
import type { Log } from '@tiphys/server/ports/log.ts'
import type { StoredEvent } from '@tiphys/server/ports/store.ts'
import type { Projects } from '@tiphys/server/projects/projects.ts'

/** The real engine on the real store, in this process, for a project that exists only here: no HTTP, no Git, no projections. */
export type BenchEngine = {
  readonly engine: Engine
  close(): Promise<void>
}

export type BenchEngineOptions = {
  readonly file: string
  /** Services `service-0` and so on: each is a lane of its own. */
  readonly services: number
  readonly projectId?: string
  readonly onCommitted: (rows: readonly StoredEvent[]) => void
}

export const PROJECT = 'bench'
export const STAGE = 'dev'
export const SEQUENCE = 'delivery'
export const TASKS = ['deploy', 'check', 'report'] as const

/** All tasks are answered from outside, by whoever drives the benchmark. */
export const SHIPYARD_YAML = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata:
  name: ${PROJECT}
spec:
  stages:
    - name: ${STAGE}
      sequences:
        - name: ${SEQUENCE}
          tasks:
${TASKS.map((task) => `            - name: ${task}\n              properties: { executor: external }`).join('\n')}
`

const SHIPYARD = Shipyard.parse({
  apiVersion: 'spec.keptn.sh/0.2.3',
  spec: {
    stages: [
      {
        name: STAGE,
        sequences: [
          {
            name: SEQUENCE,
            tasks: TASKS.map((name) => ({ name, properties: { executor: 'external' } })),
          },
        ],
      },
    ],
  },
})

const QUIET: Log = { debug() {}, info() {}, warn: console.warn, error: console.error }

export async function openBenchEngine(options: BenchEngineOptions): Promise<BenchEngine> {
  const { file, services, projectId = PROJECT, onCommitted } = options
  const data = openSqlite({ file })
  const snapshot = snapshotOf(projectId)
  const engine = await startEngine({
    store: data.store,
    clock: createSystemClock(),
    log: QUIET,
    projects: projectsWith(snapshot, services),
    loadedSnapshot: () => snapshot,
    executors: [],
    isSubscribed: () => true,
    onCommitted,
  })
  return {
    engine,
    async close() {
      await engine.close()
      await data.close()
    },
  }
}

function snapshotOf(projectId: string): ProjectSnapshot {
  const commitId = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00'
  return {
    projectId,
    project: PROJECT,
    pin: { main: commitId },
    commitId,
    shipyard: SHIPYARD,
    settings: {},
    entries: [],
    stageSettings: () => ({}),
    find: () => undefined,
    read: () => Promise.resolve(undefined),
    peek: () => undefined,
    readAt: () => Promise.resolve(undefined),
  }
}

/** The engine asks a project for its configuration and its services, and for nothing else here. */
function projectsWith(snapshot: ProjectSnapshot, services: number): Projects {
  const record = {
    projectId: snapshot.projectId,
    name: PROJECT,
    createdMs: 0,
    stages: [STAGE],
    shipyard: '',
    services: Array.from({ length: services }, (_, index) => ({
      name: `service-${index}`,
      createdMs: 0,
    })),
  }
  const known = {
    byId: () => record,
    snapshot: () => Promise.resolve(snapshot),
    snapshotAt: () => Promise.resolve(snapshot),
    snapshotOfCommit: () => Promise.resolve(snapshot),
  }
  return known as unknown as Projects
}
