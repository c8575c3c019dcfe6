import type { Application } from '../application/application.ts'
import { canSync, type SyncWindow, windowsFor } from './sync-windows.ts'

/** An AppProject, as far as it matters here. Projects that nobody configured exist and have no windows. */
export class Projects {
  readonly #windows = new Map<string, SyncWindow[]>()

  setSyncWindows(project: string, windows: readonly SyncWindow[]): void {
    this.#windows.set(project, structuredClone([...windows]))
  }

  syncWindows(project: string): SyncWindow[] {
    return structuredClone(this.#windows.get(project) ?? [])
  }

  windowsOf(application: Application): SyncWindow[] {
    return windowsFor(this.syncWindows(application.spec.project), application)
  }

  canSync(application: Application, isManual: boolean): boolean {
    return canSync(this.windowsOf(application), isManual, Date.now())
  }
}
