import { randomUUID } from 'node:crypto'
import { lintShipyardFile } from '@tiphys/providers/lint-files.ts'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { auditProjection } from '../../src/audit/audit-projection.ts'
import { createAuditTrail } from '../../src/audit/create-audit-trail.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { startEngine } from '../../src/engine/engine-loop.ts'
import { createApprovalExecutor } from '../../src/executors/approval/approval-executor.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import { createIntake } from '../../src/intake/create-intake.ts'
import { createIntegrations } from '../../src/integrations/integrations.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Projections } from '../../src/ports/projections.ts'
import type { Store } from '../../src/ports/store.ts'
import { evaluationsProjection } from '../../src/projections/evaluations.ts'
import { referencesProjection } from '../../src/projections/references.ts'
import { runsProjection } from '../../src/projections/runs.ts'
import { contextsProjection } from '../../src/projections/runs-by-context.ts'
import { servicesProjection } from '../../src/projections/services.ts'
import { loadProjects } from '../../src/projects/create-projects.ts'
import type { Projects } from '../../src/projects/projects.ts'
import { createFoldedProjections } from './folded-projections.ts'
import { createMemoryConfiguration } from './memory-configuration.ts'
import { startTestApi, type TestApi } from './test-api.ts'

export type House = {
  readonly api: TestApi
  readonly store: Store
  readonly engine: Engine
  readonly projects: Projects
  readonly projections: Projections
  close(): Promise<void>
}

export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.2
kind: Shipyard
metadata:
  name: shop
spec:
  stages:
    - name: dev
      sequences:
        - name: delivery
          tasks:
            - name: deployment
              properties: { executor: external }
            - name: test
              properties: { executor: external }
    - name: prod
      sequences:
        - name: delivery
          triggeredOn:
            - event: dev.delivery.finished
          tasks:
            - name: approval
            - name: deployment
              properties: { executor: external }
`

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

/** The real engine, intake and registry behind the real HTTP surface, on a store and a configuration without a disk. */
export async function startHouse(executors: readonly TaskExecutor[] = []): Promise<House> {
  const store = createMemoryStore()
  const clock = systemClock()
  const projects = await loadProjects({
    store,
    clock,
    configuration: createMemoryConfiguration(),
    newId: () => randomUUID(),
    checkFile: (uri, text, label) => (uri === 'shipyard.yaml' ? lintShipyardFile(text, label) : []),
    endRuns: () => Promise.resolve(),
  })
  const engine = await startEngine({
    store,
    clock,
    log: QUIET,
    projects,
    loadedSnapshot: (projectId) => projects.loaded(projectId),
    executors: [createApprovalExecutor(), ...executors],
    isSubscribed: () => false,
  })
  const intake = createIntake({
    engine,
    projects,
    clock,
    newId: () => randomUUID(),
    allows: (actor, scope) => actor.scopes.includes(scope) || actor.scopes.includes('admin'),
    hintOf: () => undefined,
  })
  const projections = createFoldedProjections(store, [
    runsProjection,
    contextsProjection,
    servicesProjection,
    evaluationsProjection,
    referencesProjection,
    auditProjection,
  ])
  const integrations = await createIntegrations({
    documents: createMemoryDocuments(),
    clock,
    log: QUIET,
    newId: () => randomUUID(),
    mask: (text) => text,
  })
  // Nobody connected anything to this house.
  const providers = {
    connections: () => [],
    tryIndicator: () => Promise.resolve({ code: 'invalid', message: 'nobody to ask' } as const),
  }
  const parts = { store, clock, projects, engine, intake, projections, integrations, providers }
  const audit = createAuditTrail({ store, clock, newId: () => randomUUID() })
  const api = await startTestApi({ ...parts, audit })
  async function close(): Promise<void> {
    await api.close()
    await engine.close()
    await store.close()
  }
  return { api, store, engine, projects, projections, close }
}

/** Node's timers count in 32 bits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

function between(leftMs: number): number {
  return Math.min(Math.max(0, leftMs), LONGEST_TIMER_MS)
}

function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    async sleep(durationMs, signal) {
      const { setTimeout: wait } = await import('node:timers/promises')
      await wait(durationMs, undefined, signal === undefined ? {} : { signal })
    },
    at(dueMs, callback) {
      let timer: NodeJS.Timeout
      const arm = () => {
        const leftMs = dueMs - Date.now()
        timer = setTimeout(leftMs > LONGEST_TIMER_MS ? arm : callback, between(leftMs))
      }
      arm()
      return () => clearTimeout(timer)
    },
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
