import type { Actor } from '../../src/intake/actor.ts'
import type { Wish } from './clients.ts'
import type { SeededRandom } from './seeded-random.ts'
import { HINT_TYPE, type ServerProcess } from './server-process.ts'
import {
  ENTRY_POINTS,
  type FileFreeze,
  PROJECT,
  SERVICES,
  settingsFile,
  shipyardFile,
  textOf,
} from './shop-files.ts'
import type { Swarm } from './swarm.ts'

export type PeopleParts = {
  readonly random: SeededRandom
  readonly swarm: Swarm
  readonly server: () => ServerProcess | undefined
  readonly send: (wish: Wish) => void
  readonly nextId: () => string
  readonly tell: (what: string) => void
  /** A freeze that begins soon. */
  readonly freeze: () => FileFreeze
  /** The freezes that hold from now on; undefined while nobody can say which do. */
  readonly onSettings: (freezes: readonly FileFreeze[] | undefined) => void
  /** A project that is being deleted: what was accepted for it goes with it. */
  readonly onDelete: (projectId: string) => void
}

const SOMEBODY: Actor = { name: 'somebody', scopes: ['admin'], projects: ['*'] }
const KEYS = 5
const ACTIONS = [
  'pause',
  'pause',
  'resume',
  'resume',
  'resume',
  'abort',
  'override-freeze',
] as const
const WITH_KEY = 0.2
const SAME_AGAIN = 0.25

/** What people do: trigger, steer, approve, change files, take services and projects away. */
export function createPeople(parts: PeopleParts) {
  const { random, swarm, send, nextId, tell } = parts
  const triggers: Wish[] = []
  const known = new Set<string>()

  function trigger(): void {
    if (triggers.length > 0 && swarm.faults.has('same-id-again') && random.chance(SAME_AGAIN)) {
      const again = random.pick(triggers)
      tell(`somebody sends ${again.id} again`)
      send(again)
      return
    }
    const id = nextId()
    const entry = random.pick(ENTRY_POINTS)
    const service = random.chance(0.97) ? random.pick(SERVICES) : 'nothing'
    const stage = entry.split('.')[0] ?? ''
    tell(`somebody triggers ${entry} for ${service} (${id})`)
    const type = `sh.keptn.event.${entry}.triggered`
    const wish = {
      id,
      body: { id, type, source: 'somebody', data: { project: PROJECT, stage, service } },
      ...(random.chance(WITH_KEY) ? { key: `key-${random.below(KEYS)}` } : {}),
    }
    triggers.push(wish)
    send(wish)
  }

  function hint(): void {
    const id = nextId()
    tell(`a hint comes (${id})`)
    send({ id, body: { id, type: HINT_TYPE, source: 'argocd', data: { project: PROJECT } } })
  }

  function approve(): void {
    const server = parts.server()
    const open = server?.engine.openTriggered({ type: 'sh.keptn.event.approval.triggered' }) ?? []
    if (open.length === 0) return
    const approval = random.pick(open)
    const id = nextId()
    const result = random.pick(['pass', 'pass', 'fail'])
    tell(`somebody decides approval ${approval.id}: ${result}`)
    const { project, stage, service } = approval.data
    const data = { project: project ?? '', stage: stage ?? '', service: service ?? '', result }
    const type = 'sh.keptn.event.approval.finished'
    const context = approval.shkeptncontext ?? ''
    send({
      id,
      body: {
        id,
        type,
        source: 'somebody',
        shkeptncontext: context,
        triggeredid: approval.id,
        data,
      },
    })
  }

  function steer(): void {
    const server = parts.server()
    const project = server?.projects.find(PROJECT)
    if (server === undefined || project === undefined) return
    const runs = server.engine.openRunsOf(project.projectId)
    for (const run of runs) known.add(run.runId)
    if (runs.length === 0) return
    const run = random.pick(runs)
    const action = random.pick(ACTIONS)
    const stage = random.chance(1 / 2) ? { stage: run.plan.stage } : {}
    const where = 'stage' in stage ? ` in ${stage.stage}` : ''
    tell(`somebody: ${action} context ${run.context}${where}`)
    const { projectId } = project
    server.engine
      .control({ projectId, context: run.context, action, actor: SOMEBODY, ...stage })
      .catch(() => undefined)
  }

  /** Takes up a run that somebody saw, which may be over or not. */
  function rerun(): void {
    const server = parts.server()
    const project = server?.projects.find(PROJECT)
    if (server === undefined || project === undefined || known.size === 0) return
    const runId = random.pick([...known])
    const id = nextId()
    tell(`somebody takes up run ${runId} again (${id})`)
    const { projectId } = project
    const from = random.chance(1 / 3) ? { from: 'deployment' } : {}
    server.engine
      .rerun({ projectId, runId, newRunId: id, actor: SOMEBODY, ...from })
      .catch(() => undefined)
  }

  function changeFiles(): void {
    const projects = parts.server()?.projects
    if (random.chance(1 / 4)) {
      const queue = random.pick([undefined, 'supersede', 'hold', 'overtake'])
      const freezes = random.chance(1 / 2) ? [parts.freeze()] : []
      tell(
        `somebody sets the queue of staging: ${queue ?? 'default'}, and ${freezes.length} freezes`,
      )
      parts.onSettings(undefined)
      void projects
        ?.writeResources(PROJECT, { level: 'project' }, settingsOf(queue, freezes), SOMEBODY)
        .then(({ code }) => parts.onSettings(code === 'written' ? freezes : undefined))
        .catch(() => undefined)
      return
    }
    const variant = random.below(2 ** 16)
    tell(`somebody changes the shipyard to variant ${variant}`)
    void projects
      ?.updateShipyard(PROJECT, textOf(shipyardFile(variant)), SOMEBODY)
      .catch(() => undefined)
  }

  function changeServices(): void {
    const projects = parts.server()?.projects
    if (projects === undefined) return
    const service = random.pick(SERVICES)
    const isThere = projects.find(PROJECT)?.services.some((one) => one.name === service) ?? false
    tell(`somebody ${isThere ? 'deletes' : 'creates'} service ${service}`)
    const changed = isThere
      ? projects.deleteService(PROJECT, service, SOMEBODY)
      : projects.createService(PROJECT, service, SOMEBODY)
    changed.catch(() => undefined)
  }

  function deleteProject(): void {
    const projects = parts.server()?.projects
    const project = projects?.find(PROJECT)
    if (projects === undefined || project === undefined) return
    tell(`somebody deletes project ${project.projectId}`)
    parts.onDelete(project.projectId)
    void projects.delete(PROJECT, SOMEBODY).catch(() => undefined)
  }

  /** Makes sure that there is a project with its services, also after a crash in the middle of it. */
  async function setUp(server: ServerProcess): Promise<void> {
    const { projects } = server
    if (projects.find(PROJECT) === undefined) {
      const shipyard = textOf(shipyardFile(swarm.shipyard))
      await projects.create({ name: PROJECT, shipyard }, SOMEBODY)
      parts.onSettings(undefined)
      const files = settingsOf(swarm.queue, [])
      await projects.writeResources(PROJECT, { level: 'project' }, files, SOMEBODY)
    }
    for (const service of SERVICES) await projects.createService(PROJECT, service, SOMEBODY)
  }

  return { trigger, hint, approve, steer, rerun, changeFiles, changeServices, deleteProject, setUp }
}

function settingsOf(queue: string | undefined, freezes: readonly FileFreeze[]) {
  return { 'tiphys/project.yaml': new TextEncoder().encode(textOf(settingsFile(queue, freezes))) }
}
