import type { ArgoCdInstances } from '../ports/argocd.ts'
import type { Clock } from '../ports/clock.ts'
import type { DesiredState } from '../ports/desired-state.ts'
import type { Log } from '../ports/log.ts'
import type { WakeUps } from './wake-ups.ts'

/** The powers of the executors that change what Argo CD deploys; the composition root hands them over. */
export type DeploymentPowers = {
  readonly argocd: ArgoCdInstances
  /** The stream of an instance; undefined where none is open: then looks are all there is. */
  readonly wakeUps: (instance: string) => WakeUps
  readonly desiredState: DesiredState
  readonly clock: Clock
  readonly log: Log
}
