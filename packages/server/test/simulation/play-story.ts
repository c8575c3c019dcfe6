import type { StoredEvent } from '../../src/ports/store.ts'
import type { ServerProcess } from './server-process.ts'
import type { FileShipyard } from './shop-files.ts'
import type { Story } from './story.ts'
import type { Fault } from './swarm.ts'
import { complainAboutNow } from './watch.ts'
import { World } from './world.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS
const QUIET_DAYS = 3
/** No single wait is longer than this: an approval, a pause, a block (behaviour.md 3), and a day for what stands behind. */
const LONGEST_WAIT_MS = 31 * DAY_MS
/** Runs of one lane wait for each other. */
const MOST_WAITS = 60
const FEWEST_STEPS = 15
const MORE_STEPS = 40
const ALL_ROWS = Number.MAX_SAFE_INTEGER

export type PlayOptions = {
  /** Only the first steps, to find the shortest story that goes wrong. */
  readonly steps?: number
  /** Faults that are left out. */
  readonly without?: readonly Fault[]
}

/**
 * The real engine, intake, projects and outbox on a virtual clock, above a disk that fails and processes that die. Everything follows from
 * the seed. After the faults three quiet days pass: what is left then waits for people. Then as much time as anything may take.
 */
export async function playStory(seed: number, options: PlayOptions = {}): Promise<Story> {
  const world = new World(seed, options.without ?? [])
  try {
    await world.rest()
    const { random } = world
    const steps = Math.min(FEWEST_STEPS + random.below(MORE_STEPS), options.steps ?? ALL_ROWS)
    for (let step = 0; step < steps; step++) await takeStep(world)
    return await end(world, seed, steps)
  } catch (error) {
    throw new StoryError(world.trace, error)
  } finally {
    world.kill()
    await world.disk[Symbol.asyncDispose]()
  }
}

/** A story that could not be played to its end. */
export class StoryError extends Error {
  override name = 'StoryError'
  readonly trace: readonly string[]
  constructor(trace: readonly string[], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.trace = trace
  }
}

async function takeStep(world: World): Promise<void> {
  const { random } = world
  await keepSetUp(world)
  act(world)
  await world.rest()
  await world.pass(
    random.below(2) === 0 ? random.below(90) * SECOND_MS : random.below(20) * MINUTE_MS,
  )
  complainAboutNow(world)
}

/** Somebody sees to it that the project and its services are there, most of the time. */
async function keepSetUp(world: World): Promise<void> {
  const server = world.server()
  if (server === undefined || world.random.chance(1 / 2)) return
  void world.people.setUp(server).catch(() => undefined)
  await world.rest()
}

function act(world: World): void {
  const { random, people, integrations } = world
  const does = (probability: number) => random.chance(probability)
  if (does(0.45)) people.trigger()
  if (does(0.7)) integrations.look()
  if (does(0.1)) people.approve()
  if (does(0.06)) people.hint()
  world.critics.look()
  if (does(0.15) && world.has('steering')) people.steer()
  if (does(0.05) && world.has('steering')) people.rerun()
  if (does(0.06) && world.has('changing-files')) people.changeFiles()
  if (does(0.05) && world.has('services-deleted')) people.changeServices()
  if (does(0.04) && world.has('project-deleted')) people.deleteProject()
  if (does(0.06) && world.has('kill')) world.kill()
  disturb(world, does)
}

function disturb(world: World, does: (probability: number) => boolean): void {
  const { random } = world
  const minutes = random.below(120)
  if (does(0.03) && world.has('clock-forward')) world.setClock(minutes * MINUTE_MS)
  if (does(0.03) && world.has('clock-back')) world.setClock(-minutes * MINUTE_MS)
  if (does(0.04) && world.has('disk-full')) world.fillDisk(minutes * SECOND_MS)
  if (does(0.15) && world.has('two-owners')) void world.startSecond()
  if (does(0.4)) void world.retireFirst()
}

async function end(world: World, seed: number, steps: number): Promise<Story> {
  world.endFaults()
  await world.rest()
  await world.pass(QUIET_DAYS * DAY_MS)
  complainAboutNow(world)
  const server = world.server()
  if (server === undefined) throw new Error('a process is up when nothing kills it')
  const rows = await world.disk.store().readLog(0, ALL_ROWS)
  const shipyards = await shipyardsOf(world, rows)
  const story = {
    seed,
    swarm: world.swarm,
    steps,
    rows,
    nowMs: world.clock.nowMs(),
    ...openNow(server),
    commits: world.commits,
    freezes: world.freezes,
    messages: world.clients.messages,
    deleted: world.deleted,
    effects: world.effects,
    hints: new Map(world.hints),
    crashes: world.crashes,
    excusedMs: world.excusedMs,
    wasSetBack: world.setBackMs > 0,
    complaints: world.complaints,
    ...(await foldedAndRebuilt(server)),
    shipyardAt: (projectId: string, commitId: string) => shipyards.get(`${projectId}@${commitId}`),
    trace: world.trace,
  }
  return { ...story, neverEnding: await waitForAll(world) }
}

function openNow({ projects, engine }: ServerProcess): Pick<Story, 'open' | 'reasons'> {
  const open = projects.list().flatMap(({ projectId }) => engine.openRunsOf(projectId))
  const contexts = new Set(open.map((run) => JSON.stringify([run.plan.projectId, run.context])))
  const reasons = [...contexts].flatMap((context) => {
    const [projectId, id] = JSON.parse(context) as [string, string]
    return engine.why(projectId, id)
  })
  return { open, reasons }
}

async function foldedAndRebuilt({
  projections,
}: ServerProcess): Promise<Pick<Story, 'live' | 'rebuilt'>> {
  await projections.catchUp()
  const live = await projections.dump()
  await projections.rebuild()
  return { live, rebuilt: await projections.dump() }
}

/** The shipyard of each commit that a run was planned from. */
async function shipyardsOf(world: World, rows: readonly StoredEvent[]) {
  const shipyards = new Map<string, FileShipyard>()
  for (const { event, projectId } of rows) {
    const commitId = event.gitcommitid
    const key = `${projectId}@${commitId}`
    if (projectId === undefined || commitId === undefined || shipyards.has(key)) continue
    const pin = { main: commitId }
    const place = { level: 'project' } as const
    const bytes = await world.disk.configuration.read(projectId, place, 'shipyard.yaml', pin)
    if (bytes !== undefined) shipyards.set(key, JSON.parse(new TextDecoder().decode(bytes)))
  }
  return shipyards
}

/** Nobody does anything any more; whatever is open has an end by itself. */
async function waitForAll(world: World): Promise<readonly string[]> {
  const open = () => {
    const server = world.server()
    return server === undefined ? [] : openNow(server).open
  }
  for (let wait = 0; wait < MOST_WAITS && open().length > 0; wait++) {
    await world.pass(LONGEST_WAIT_MS)
  }
  return open().map(({ runId }) => runId)
}
