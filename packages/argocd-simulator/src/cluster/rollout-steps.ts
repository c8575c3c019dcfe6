import { z } from 'zod'
import type { Manifest } from '../render/manifest.ts'
import { goDurationMs } from '../time.ts'

/** `pause` without a time waits for somebody to resume. */
export type RolloutStep =
  | { code: 'set-weight'; weightPercent: number }
  | { code: 'pause'; durationMs: number | undefined }

const stepSchema = z.union([
  z.strictObject({ setWeight: z.number().int().min(0).max(100) }),
  z.strictObject({
    pause: z.strictObject({ duration: z.union([z.string(), z.number()]).optional() }).nullable(),
  }),
])

const strategySchema = z.looseObject({
  spec: z.looseObject({
    strategy: z
      .strictObject({
        canary: z.looseObject({ steps: z.array(stepSchema).optional() }).nullish(),
      })
      .optional(),
  }),
})

/** The canary steps of a Rollout. Answers the reason for anything that is not simulated (blueGreen, analysis …). */
export function rolloutSteps(manifest: Manifest): { steps: RolloutStep[] } | { invalid: string } {
  const parsed = strategySchema.safeParse(manifest)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.join('.') ?? 'spec.strategy'
    return { invalid: `${where}: not simulated (canary with setWeight and pause steps is)` }
  }
  const steps: RolloutStep[] = []
  for (const step of parsed.data.spec.strategy?.canary?.steps ?? []) {
    if ('setWeight' in step) steps.push({ code: 'set-weight', weightPercent: step.setWeight })
    else {
      const duration = step.pause?.duration
      const durationMs = duration === undefined ? undefined : goDurationMs(String(duration))
      if (duration !== undefined && durationMs === undefined) {
        return { invalid: `spec.strategy.canary.steps: invalid pause duration ${duration}` }
      }
      steps.push({ code: 'pause', durationMs })
    }
  }
  return { steps }
}
