import type { Application } from '../../src/application/application.ts'
import type { ApplicationSpec } from '../../src/application/application-schema.ts'
import { type Simulator, startSimulator } from '../../src/simulator.ts'
import type { SimulatorOptions } from '../../src/simulator-options.ts'
import { createTestRepository, kustomization, type TestRepository } from './git-repository.ts'

/** A simulator with fast times and one application `carts` of a repository at version 1.0.0. */
export type Simulation = AsyncDisposable & {
  simulator: Simulator
  repository: TestRepository
  api: Api
}

/** Calls the API as a client does. Answers status, Content-Type and the body, parsed if it is JSON. */
export type Api = (
  method: string,
  path: string,
  options?: { body?: unknown; headers?: Record<string, string>; token?: string | null },
) => Promise<Answer>

export type Answer = {
  status: number
  contentType: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose form they check
  body: any
}

/** No traps of chance: what a test does not ask for does not happen. */
export const NO_CHANCE = { duplicateNotifications: 0, lostWatchEvents: 0 }

export function cartsSpec(
  repository: TestRepository,
  change: Partial<ApplicationSpec['spec']> = {},
  metadata: Partial<ApplicationSpec['metadata']> = {},
): ApplicationSpec {
  return {
    metadata: { name: 'carts', ...metadata },
    spec: {
      project: 'shop',
      source: { repoURL: repository.path, path: 'carts', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      ...change,
    },
  }
}

export const AUTO_SYNC = { syncPolicy: { automated: { prune: true } } }

export async function startSimulation(
  options: {
    spec?: Partial<ApplicationSpec['spec']>
    metadata?: Partial<ApplicationSpec['metadata']>
    files?: Record<string, string>
    simulator?: SimulatorOptions
  } = {},
): Promise<Simulation> {
  const repository = await createTestRepository(options.files ?? kustomization('1.0.0'))
  const simulator = await startSimulator({
    timingPreset: 'fast',
    traps: NO_CHANCE,
    applications: [cartsSpec(repository, options.spec, options.metadata)],
    ...options.simulator,
  })
  return {
    simulator,
    repository,
    api: apiOf(simulator),
    async [Symbol.asyncDispose]() {
      await simulator.close()
      await repository[Symbol.asyncDispose]()
    },
  }
}

export function apiOf(simulator: Simulator): Api {
  return async (method, path, { body, headers, token } = {}) => {
    const authorization =
      token === null ? {} : { authorization: `Bearer ${token ?? simulator.token}` }
    const response = await fetch(`${simulator.url}${path}`, {
      method,
      headers: {
        ...authorization,
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }),
    })
    const contentType = response.headers.get('content-type') ?? ''
    const text = await response.text()
    const isJson = contentType === 'application/json' && text !== ''
    return { status: response.status, contentType, body: isJson ? JSON.parse(text) : text }
  }
}

const DEADLINE_MS = 10_000
const LOOK_EVERY_MS = 10

/** Waits until the application is as wanted and answers it. Fails with what it is instead. */
export async function until(
  simulator: Simulator,
  isSo: (application: Application) => boolean,
  name = 'carts',
): Promise<Application> {
  return await eventually(
    () => simulator.application(name),
    isSo,
    (application) => JSON.stringify(application.status, null, 1),
  )
}

/** Waits until a value is as wanted. */
export async function eventually<Value>(
  look: () => Value | Promise<Value>,
  isSo: (value: Value) => boolean,
  show: (value: Value) => string = (value) => JSON.stringify(value),
): Promise<Value> {
  const deadlineMs = Date.now() + DEADLINE_MS
  for (;;) {
    const value = await look()
    if (isSo(value)) return value
    if (Date.now() > deadlineMs) throw new Error(`still not so: ${show(value)}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

export function isHealthy(application: Application): boolean {
  const { status, operation } = application
  return (
    operation === undefined && status.health.status === 'Healthy' && status.sync.status === 'Synced'
  )
}
