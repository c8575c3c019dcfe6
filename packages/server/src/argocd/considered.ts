import type { Application } from '@tiphys/contract/argocd-application.ts'
import type { ProjectSnapshot } from '../engine/project-snapshot.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import type { Log } from '../ports/log.ts'
import type { Bookmark, Bookmarks } from './bookmarks.ts'
import type { Hint } from './foreign-event.ts'
import type { OwnerParts } from './operation-owner.ts'
import type { RunDoor } from './run-door.ts'

/**
 * Looks at one snapshot of an application and does what follows from it, once: starts the run of a deployment that Argo CD made by
 * itself, hands news to the run that it belongs to, or nothing. Notifications, the stream and the poll all end here.
 *
 *   idle ─▶ in-progress ─▶ ours ───────────────────────────▶ watched ─degraded: news─▶ closed
 *                     └──▶ foreign ─▶ pending ─outcome─▶ run ──┘    └─ten minutes over─▶ closed
 *                     └──▶ no deployment, baseline, listed ─▶ closed
 */
export type Tracker = {
  readonly bookmarks: Bookmarks
  consider(look: TrackerLook): Promise<Considered>
  /** The run of the application's last operation, ours or started for it; nothing is started by asking. */
  runOf(application: Application, signal: AbortSignal): Promise<RunOfOperation>
  /** A run was started for the operation by somebody who knows better. */
  startedFor(application: Application, runId: string): Promise<void>
}

export type RunOfOperation =
  | { readonly code: 'run'; readonly runId: string }
  | { readonly code: 'none' }
  | { readonly code: 'unclear'; readonly message: string }

export type TrackerLook = {
  readonly application: Application
  readonly signal: AbortSignal
  /** A notification that waits for a run of its own. */
  readonly hint?: Hint
  /** Operations that began before this are what happened while we were away, and are started slowly. */
  readonly catchUpBeforeMs?: number
}

export type Considered =
  | { readonly code: 'settled'; readonly bookmark: Bookmark | undefined }
  /** A run has it; whatever happens to the application for a while is news to that run. */
  | { readonly code: 'watched'; readonly runId: string; readonly afterMs: number }
  /** Nothing is decided yet. Look again, with a refresh if Argo CD does not compare by itself. */
  | {
      readonly code: 'again'
      readonly afterMs: number
      readonly needsRefresh: boolean
      readonly reason: string
    }

export type TrackerParts = OwnerParts & {
  readonly instance: string
  readonly documents: Documents
  readonly clock: Clock
  readonly log: Log
  readonly door: RunDoor
  readonly projects: {
    find(name: string): { readonly projectId: string } | undefined
    snapshot(projectId: string): Promise<ProjectSnapshot>
  }
}
