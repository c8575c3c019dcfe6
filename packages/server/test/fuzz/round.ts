import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import type { FilesInput, FuzzInput } from './fuzz-input.ts'
import { drawHttpInput, type Known } from './http-inputs.ts'
import { mutatedText } from './mutate.ts'
import { type ApiRoute, routesOf } from './openapi-routes.ts'
import { throwInput } from './oracle.ts'
import { type SeedFile, seedFiles, sharedFixtures } from './seed-files.ts'
import type { FuzzTarget } from './target.ts'

/** An input that broke something, with what it broke. */
export class FuzzFinding extends Error {
  override name = 'FuzzFinding'
  readonly input: FuzzInput
  constructor(input: FuzzInput, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.input = input
  }
}

export type Fuzzer = {
  /** Throws so many inputs; a finding ends it. */
  round(count: number): Promise<void>
  /** How often each status was answered, 0 for what is no HTTP. */
  readonly statuses: ReadonlyMap<number, number>
}

const SHARE_OF_FILES = 0.12
const MOST_IDS = 50
const PROJECT = 'shop'

/** Draws inputs from a seed and throws them, one after the other, at a server that always has the same project. */
export async function createFuzzer(target: FuzzTarget, random: SeededRandom): Promise<Fuzzer> {
  const routes = await routesOfTarget(target)
  const files = seedFiles()
  const fixtures = sharedFixtures()
  const statuses = new Map<number, number>()
  const ids: string[] = []
  const known = (): Known => ({ project: PROJECT, stages: ['dev', 'prod'], service: 'carts', ids })

  async function round(count: number): Promise<void> {
    await setUp(target)
    for (let thrown = 0; thrown < count; thrown++) {
      const input = random.chance(SHARE_OF_FILES)
        ? drawFiles(random, files, fixtures)
        : drawHttpInput({ random, routes, files, known })
      try {
        const answer = await throwInput(target, input)
        const status = answer?.status ?? 0
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        for (const [id] of answer?.text.matchAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? []) ids.push(id)
        ids.splice(0, Math.max(0, ids.length - MOST_IDS))
      } catch (error) {
        throw new FuzzFinding(input, error)
      }
    }
    await remove(target)
  }
  return { round, statuses }
}

async function routesOfTarget({ url }: FuzzTarget): Promise<readonly ApiRoute[]> {
  const document: unknown = await (await fetch(`${url}/api/openapi.json`)).json()
  // Without the project nothing else gets far, a backup copies the whole log each time, and the token is what we speak with.
  const isLeftOut = (method: string, path: string) =>
    (method === 'DELETE' && /\/project\/\{\w+\}$/.test(path)) ||
    path.endsWith('/backup') ||
    (method === 'DELETE' && path.includes('/tokens/'))
  return routesOf(document, isLeftOut)
}

function drawFiles(
  random: SeededRandom,
  files: readonly SeedFile[],
  fixtures: readonly unknown[],
): FilesInput {
  const named = (name: string) => random.pick(files.filter((file) => file.name === name)).text
  const spoiled = (text: string) => (random.chance(0.7) ? mutatedText(random, text) : text)
  if (random.chance(1 / 2)) {
    const chosen = [random.pick(files), random.pick(files)]
    return {
      kind: 'lint',
      files: Object.fromEntries(chosen.map(({ name, text }) => [name, spoiled(text)])),
    }
  }
  const previous =
    fixtures.length > 0 && random.chance(0.3) ? JSON.stringify(random.pick(fixtures)) : '[]'
  return {
    kind: 'evaluate',
    files: {
      'slo.yaml': spoiled(named('slo.yaml')),
      'values.json': spoiled(named('values.json')),
      ...(random.chance(0.3) ? { 'previous.json': spoiled(previous) } : {}),
    },
  }
}

/** A project with what the inputs speak of. */
export async function setUp(target: FuzzTarget): Promise<void> {
  const shipyard = await readFile(new URL('./good-shipyard.yaml', import.meta.url))
  await ask(target, 'POST', '', { name: PROJECT, shipyard: shipyard.toString('base64') })
  await ask(target, 'POST', `/${PROJECT}/service`, { serviceName: 'carts' })
}

/** Every project that an input made goes too, so that memory can be compared. */
async function remove(target: FuzzTarget): Promise<void> {
  const answer = await ask(target, 'GET', '?pageSize=50')
  const { projects } = (await answer.json()) as { projects: { projectName: string }[] }
  for (const { projectName } of projects)
    await ask(target, 'DELETE', `/${encodeURIComponent(projectName)}`)
}

function ask(
  { url, token }: FuzzTarget,
  method: string,
  path: string,
  body?: object,
): Promise<Response> {
  return fetch(`${url}/api/controlPlane/v1/project${path}`, {
    method,
    headers: { 'x-token': token, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

const BYTES_PER_MB = 1024 * 1024
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Live objects after a garbage collection. */
export function heapMb(): number {
  collect()
  return process.memoryUsage().heapUsed / BYTES_PER_MB
}
