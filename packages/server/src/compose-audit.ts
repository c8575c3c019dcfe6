import { newId } from './adapters/system/new-id.ts'
import type { AuditTrail } from './audit/audit-trail.ts'
import { createAuditTrail } from './audit/create-audit-trail.ts'
import type { Clock } from './ports/clock.ts'
import type { Store } from './ports/store.ts'
import type { ServerSettings } from './settings/load-settings.ts'
import { VERSION } from './version.ts'

export type AuditParts = {
  readonly store: Store
  readonly clock: Clock
  readonly settings: ServerSettings
  /** Set when this start made the token up. */
  readonly bootstrapToken: string | undefined
}

/** The audit log of this server, with what an operator decided by starting it so. */
export async function composeAudit(parts: AuditParts): Promise<AuditTrail> {
  const { store, clock, settings } = parts
  const audit = createAuditTrail({ store, clock, newId })
  const by = { name: 'tiphys' }
  const { host, port, tls, behindProxy, denyPrivate, allowLoopbackTargets, gitProtocols } = settings
  await audit.record({
    action: 'server.start',
    by,
    outcome: { code: 'ok' },
    details: {
      version: VERSION,
      host,
      port,
      tls: tls !== undefined,
      behindProxy,
      denyPrivate,
      allowLoopbackTargets,
      gitProtocols: [...gitProtocols],
      bootstrapToken: bootstrapOf(parts),
    },
  })
  return audit
}

function bootstrapOf({ settings, bootstrapToken }: AuditParts): string {
  if (settings.apiToken !== undefined) return 'from the settings'
  return bootstrapToken === undefined ? 'unchanged' : 'made by this start'
}
