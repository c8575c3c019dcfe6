import {
  invalidateEvaluation,
  pinEvaluation,
  restoreEvaluation,
  unpinEvaluation,
} from '../../src/evaluations/corrections.ts'
import type { Actor } from '../../src/intake/actor.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { EVALUATIONS, type EvaluationDocument } from '../../src/projections/evaluations.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { ServerProcess } from './server-process.ts'
import { PROJECT } from './shop-files.ts'
import type { Swarm } from './swarm.ts'

export type CriticsParts = {
  readonly random: SeededRandom
  readonly clock: Clock
  readonly swarm: Swarm
  readonly server: () => ServerProcess | undefined
  readonly nextId: () => string
  readonly tell: (what: string) => void
}

const CRITIC: Actor = { name: 'critic', scopes: ['admin'], projects: ['*'] }
const OFTEN = 0.15
/** The newest evaluations; older ones are hardly spoken of. */
const LOOKED_AT = 10

const CORRECTIONS = [
  ['invalidates', invalidateEvaluation],
  ['invalidates', invalidateEvaluation],
  ['restores', restoreEvaluation],
  ['pins', pinEvaluation],
  ['pins', pinEvaluation],
  ['unpins', unpinEvaluation],
] as const

/** People who say of an evaluation what it is worth. They draw from a source of their own, so that other stories stay as they were. */
export function createCritics(parts: CriticsParts) {
  const { random, server, swarm, tell } = parts

  function look(): void {
    const isHere = random.chance(OFTEN)
    const choice = random.below(LOOKED_AT)
    const [word, correct] = random.pick(CORRECTIONS)
    const running = server()
    const project = running?.projects.find(PROJECT)
    // Two owners would fold the same lists at the same time, which the lock of a real folder never lets happen.
    if (!isHere || swarm.faults.has('two-owners')) return
    if (running === undefined || project === undefined) return
    const id = parts.nextId()
    const say = async () => {
      const { projections, engine, store, projects } = running
      await projections.catchUp()
      const query = { projectId: project.projectId, offset: 0, limit: LOOKED_AT }
      const { documents } = await projections.list(EVALUATIONS, query)
      // Documents of this projection were made by its fold.
      const evaluation = documents[choice % Math.max(1, documents.length)] as unknown as
        | EvaluationDocument
        | undefined
      if (evaluation === undefined) return
      tell(`a critic ${word} the evaluation ${evaluation.triggeredId}`)
      const power = { engine, store, projections, projects, clock: parts.clock, newId: () => id }
      await correct(power, { evaluation, actor: CRITIC, reason: `it is ${word}` })
    }
    // A server that dies on the way is the critic's loss.
    say().catch(() => undefined)
  }

  return { look }
}
