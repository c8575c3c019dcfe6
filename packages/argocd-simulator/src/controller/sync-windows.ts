import type { Application } from '../application/application.ts'
import { goDurationMs } from '../time.ts'
import { cronMatches, parseCron } from './cron.ts'

/** A sync window of a project, as AppProject has it. Times are UTC. */
export type SyncWindow = {
  kind: 'allow' | 'deny'
  /** Cron line of its beginning. */
  schedule: string
  /** Go duration. */
  duration: string
  /** Globs; a window counts for an application if any of its three lists matches. */
  applications?: string[]
  namespaces?: string[]
  clusters?: string[]
  /** People (and API clients) may sync although the window says no. */
  manualSync?: boolean
}

const MINUTE_MS = 60_000

/** Windows longer than this are looked at only this far back. */
const LONGEST_WINDOW_MS = 31 * 24 * 60 * MINUTE_MS

export function windowsFor(windows: readonly SyncWindow[], application: Application): SyncWindow[] {
  const { metadata, spec } = application
  return windows.filter(
    (window) =>
      matchesAny(window.applications, metadata.name) ||
      matchesAny(window.namespaces, spec.destination.namespace) ||
      matchesAny(window.clusters, spec.destination.server) ||
      matchesAny(window.clusters, spec.destination.name),
  )
}

export function isActive(window: SyncWindow, nowMs: number): boolean {
  const cron = parseCron(window.schedule)
  const durationMs = Math.min(goDurationMs(window.duration) ?? 0, LONGEST_WINDOW_MS)
  if (cron === undefined) return false
  const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
  for (let startMs = minuteMs; startMs + durationMs > nowMs; startMs -= MINUTE_MS) {
    if (cronMatches(cron, startMs)) return true
  }
  return false
}

/** Argo CD's rule: an active deny blocks; else an active allow opens; else an inactive allow blocks. */
export function canSync(windows: readonly SyncWindow[], isManual: boolean, nowMs: number): boolean {
  const active = windows.filter((window) => isActive(window, nowMs))
  const denies = active.filter((window) => window.kind === 'deny')
  if (denies.length > 0) return isManual && denies.every((window) => window.manualSync === true)
  if (active.some((window) => window.kind === 'allow')) return true
  const inactiveAllows = windows.filter((window) => window.kind === 'allow')
  if (inactiveAllows.length === 0) return true
  return isManual && inactiveAllows.every((window) => window.manualSync === true)
}

function matchesAny(globs: readonly string[] | undefined, value: string | undefined): boolean {
  return value !== undefined && (globs ?? []).some((glob) => globPattern(glob).test(value))
}

function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`)
}
