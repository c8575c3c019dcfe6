import type { EffectHandler } from '../engine/outbox.ts'
import type { ArgoCd } from '../ports/argocd.ts'
import { createDirectory } from './application-directory.ts'
import type { TrackerParts } from './considered.ts'
import { createHealthHistory } from './health-history.ts'
import { createArgocdIntake, type ObservedInstance } from './intake.ts'
import { type Reconciler, startReconciler } from './reconciler.ts'
import { createTracker } from './tracker.ts'
import type { WakeUps } from './wake-ups.ts'

/** Everything that looks at the connected Argo CDs for deployments that nobody here asked for. */
export type ArgocdObserver = {
  /** Carries out `argocd.notification` effects. */
  readonly handler: EffectHandler
  /** By instance name. */
  readonly reconcilers: ReadonlyMap<string, Reconciler>
  readonly instances: ReadonlyMap<string, ObservedInstance>
  close(): Promise<void>
}

export type ObserverParts = Omit<TrackerParts, 'instance'> & {
  readonly clients: ReadonlyMap<string, ArgoCd>
  readonly wakeUps: (instance: string) => WakeUps
  readonly periodMs?: number
}

/** Starts a reconciler for each instance. */
export function observeArgocd(parts: ObserverParts): ArgocdObserver {
  const instances = new Map<string, ObservedInstance>()
  const reconcilers = new Map<string, Reconciler>()
  for (const [instance, argocd] of parts.clients) {
    const directory = createDirectory(argocd)
    const tracker = createTracker({ ...parts, instance })
    instances.set(instance, { argocd, directory, tracker })
    reconcilers.set(
      instance,
      startReconciler({
        ...parts,
        argocd,
        directory,
        tracker,
        wakeUps: parts.wakeUps(instance),
        history: createHealthHistory(parts.documents, instance, parts.clock),
      }),
    )
  }
  return {
    handler: createArgocdIntake({ ...parts, instances: [...instances.values()] }),
    reconcilers,
    instances,
    async close() {
      await Promise.all([...reconcilers.values()].map((one) => one.close()))
    },
  }
}
