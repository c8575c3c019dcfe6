import { Shipyard } from '@tiphys/contract/shipyard.ts'
import type { ProjectSnapshot } from '../../src/engine/project-snapshot.ts'
import type { ProjectRecord, Projects } from '../../src/projects/projects.ts'

export const PROJECT_ID = 'p-1'
export const SERVICES = ['carts', 'orders', 'users'] as const

/** Three stages, a rollback, a delayed evaluation, an approval, a fan-out: every kind of wait that an engine knows. */
const SHIPYARD: Shipyard = Shipyard.parse({
  apiVersion: 'spec.keptn.sh/0.2.3',
  kind: 'Shipyard',
  spec: {
    stages: [
      {
        name: 'dev',
        sequences: [
          {
            name: 'delivery',
            tasks: [
              { name: 'deployment' },
              { name: 'test', properties: { timeout: '30m' } },
              { name: 'evaluation', triggeredAfter: '2m' },
            ],
          },
          {
            name: 'rollback',
            triggeredOn: [
              { event: 'dev.delivery.finished', selector: { match: { result: 'fail' } } },
            ],
            tasks: [{ name: 'rollback' }],
          },
        ],
      },
      {
        name: 'staging',
        sequences: [
          {
            name: 'delivery',
            triggeredOn: [{ event: 'dev.delivery.finished' }],
            tasks: [{ name: 'deployment' }, { name: 'approval' }, { name: 'release' }],
          },
          {
            name: 'audit',
            triggeredOn: [{ event: 'dev.delivery.finished' }],
            timeout: '1h',
            tasks: [{ name: 'scan', triggeredAfter: '5m' }],
          },
        ],
      },
      {
        name: 'production',
        sequences: [
          {
            name: 'delivery',
            triggeredOn: [{ event: 'staging.delivery.finished' }],
            tasks: [{ name: 'deployment' }],
          },
        ],
      },
    ],
  },
})

export const SIMULATED_SNAPSHOT: ProjectSnapshot = {
  projectId: PROJECT_ID,
  project: 'shop',
  pin: { main: 'c0ffee' },
  commitId: 'c0ffee',
  shipyard: SHIPYARD,
  settings: {},
  entries: [],
  stageSettings: (stage) => (stage === 'staging' ? { queue: 'supersede' } : {}),
  find: () => undefined,
  read: () => Promise.resolve(undefined),
  peek: () => undefined,
  readAt: () => Promise.resolve(undefined),
}

const RECORD: ProjectRecord = {
  projectId: PROJECT_ID,
  name: 'shop',
  createdMs: 0,
  stages: ['dev', 'staging', 'production'],
  services: SERVICES.map((name) => ({ name, createdMs: 0 })),
  shipyard: '',
}

function notInThisWorld(): never {
  throw new Error('the simulated project has one configuration that never changes')
}

/** The engine's view of projects; everything that would change one is absent from this world. */
export const simulatedProjects: Projects = {
  list: () => [RECORD],
  find: (name) => (name === RECORD.name ? RECORD : undefined),
  byId: (projectId) => (projectId === PROJECT_ID ? RECORD : undefined),
  snapshot: () => Promise.resolve(SIMULATED_SNAPSHOT),
  snapshotAt: () => Promise.resolve(SIMULATED_SNAPSHOT),
  snapshotOfCommit: () => Promise.resolve(SIMULATED_SNAPSHOT),
  create: notInThisWorld,
  updateShipyard: notInThisWorld,
  delete: notInThisWorld,
  createService: notInThisWorld,
  deleteService: notInThisWorld,
  writeResources: notInThisWorld,
  listResources: notInThisWorld,
  readResource: notInThisWorld,
  attachUpstream: notInThisWorld,
  lookAtUpstream: notInThisWorld,
}
