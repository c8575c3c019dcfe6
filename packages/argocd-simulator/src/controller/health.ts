import type { Health, HealthCode } from '../application/application.ts'

/** From best to worst, in the order Argo CD uses. */
const ORDER: readonly HealthCode[] = [
  'Healthy',
  'Suspended',
  'Progressing',
  'Missing',
  'Degraded',
  'Unknown',
]

export function isWorse(health: Health, than: Health): boolean {
  return ORDER.indexOf(health.status) > ORDER.indexOf(than.status)
}

/** The worst of all, without missing objects unless everything is missing. Nothing at all is Healthy. */
export function aggregateHealth(healths: readonly Health[]): Health {
  const present = healths.filter((health) => health.status !== 'Missing')
  if (healths.length > 0 && present.length === 0) return { status: 'Missing' }
  return present.reduce<Health>((worst, health) => (isWorse(health, worst) ? health : worst), {
    status: 'Healthy',
  })
}
