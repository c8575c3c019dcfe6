import type { SyncWindows } from '@tiphys/contract/argocd-api.ts'

/**
 * Whether sync windows keep an operation from starting now. For a sync by hand Argo CD says so itself (`canSync`); for auto-sync its
 * rule is: no active deny, and where there are allow windows one of them is active.
 */
export function isWindowClosed(windows: SyncWindows, syncBy: 'tiphys' | 'argocd'): boolean {
  if (syncBy === 'tiphys') return windows.canSync === false
  const active = windows.activeWindows ?? []
  const assigned = windows.assignedWindows ?? []
  if (active.some((window) => window.kind === 'deny')) return true
  const hasAllow = assigned.some((window) => window.kind === 'allow')
  return hasAllow && !active.some((window) => window.kind === 'allow')
}
