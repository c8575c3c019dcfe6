import { z } from 'zod'
import { parseDuration } from './duration.ts'

/**
 * A time in which a project wants no changes (`freezes` in `tiphys/project.yaml`): either once, `from` one moment `to` another, or again
 * and again, as Argo CD writes a sync window (cron `schedule`, `duration`, `timeZone`).
 */
export const Freeze = z
  .strictObject({
    name: z.string().min(1).max(100),
    /** Shown to whoever waits. */
    reason: z.string().min(1).max(500).optional(),
    /** Unset: all of them. */
    stages: z.array(z.string().min(1)).min(1).optional(),
    services: z.array(z.string().min(1)).min(1).optional(),
    /** The tasks that are not triggered meanwhile; unset: `deployment`. The way back stays open: a rollback is frozen only by its name. */
    tasks: z.array(z.string().min(1)).min(1).optional(),
    from: z.string().optional(),
    to: z.string().optional(),
    /** Five fields of cron: the beginnings. */
    schedule: z.string().min(1).max(200).optional(),
    duration: z.string().optional(),
    /** IANA name; unset: UTC. */
    timeZone: z.string().min(1).max(100).optional(),
  })
  .superRefine((freeze, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    const isRecurring = freeze.schedule !== undefined || freeze.duration !== undefined
    const isOnce = freeze.from !== undefined || freeze.to !== undefined
    if (isRecurring === isOnce) {
      refuse('name', `freeze ${freeze.name} needs either from and to, or schedule and duration`)
    } else if (isOnce) {
      if (freeze.from === undefined) refuse('to', 'from is missing')
      if (freeze.to === undefined) refuse('from', 'to is missing')
    } else {
      if (freeze.schedule === undefined) refuse('duration', 'schedule is missing')
      if (freeze.duration === undefined) refuse('schedule', 'duration is missing')
      else if ((parseDuration(freeze.duration) ?? 0) <= 0) {
        refuse('duration', 'expected a duration (60h, 90m)')
      }
    }
  })
export type Freeze = z.infer<typeof Freeze>

export const FROZEN_TASKS: readonly string[] = ['deployment']
export const MAX_FREEZES = 100
