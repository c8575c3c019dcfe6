import { z } from 'zod'
import { Result } from './event.ts'

/** One measured indicator, as `get-sli.finished` and `evaluation.finished` carry it (facts/keptn-v1.md 3.2, 3.7). */
export const IndicatorValue = z.looseObject({
  metric: z.string(),
  /** Meaningless (0) unless `success`. */
  value: z.number(),
  /** What the value was compared with: the aggregate of the baseline, 0 when there was none. */
  comparedValue: z.number().optional(),
  success: z.boolean(),
  message: z.string().optional(),
})
export type IndicatorValue = z.infer<typeof IndicatorValue>

/** One criterion with the number it came to. */
export const Target = z.looseObject({
  criteria: z.string(),
  targetValue: z.number(),
  violated: z.boolean(),
})
export type Target = z.infer<typeof Target>

export const IndicatorStatus = z.enum(['pass', 'warning', 'fail', 'info'])
export type IndicatorStatus = z.infer<typeof IndicatorStatus>

export const IndicatorResult = z.looseObject({
  score: z.number(),
  /** null: reported only (no pass criteria), and the provider sent nothing. */
  value: IndicatorValue.nullable(),
  displayName: z.string(),
  passTargets: z.array(Target).nullable(),
  /** null: the objective names no warning criteria. */
  warningTargets: z.array(Target).nullable(),
  keySli: z.boolean(),
  status: IndicatorStatus,
})
export type IndicatorResult = z.infer<typeof IndicatorResult>

/** The `evaluation` object of `evaluation.finished`. */
export const Evaluation = z.looseObject({
  timeStart: z.string(),
  timeEnd: z.string(),
  result: Result,
  /** Percent of the points that could be reached, unrounded. */
  score: z.number(),
  /** base64 of the slo.yaml as it was read; empty when there was none. */
  sloFileContent: z.string(),
  /** null: nothing was evaluated. */
  indicatorResults: z.array(IndicatorResult).nullable(),
  /** Ids of the events whose values were the baseline, newest first. */
  comparedEvents: z.array(z.string()).optional(),
})
export type Evaluation = z.infer<typeof Evaluation>

/** The window and the source of `evaluation.triggered`: `data.evaluation`, `data.test`, `data.deployment`. Empty text is "not given". */
export const EvaluationTriggered = z.looseObject({
  evaluation: z
    .looseObject({
      start: z.string().nullish(),
      end: z.string().nullish(),
      timeframe: z.string().nullish(),
    })
    .nullish(),
  test: z.looseObject({ start: z.string().nullish(), end: z.string().nullish() }).nullish(),
  deployment: z.looseObject({ deploymentNames: z.array(z.string()).nullish() }).nullish(),
})
export type EvaluationTriggered = z.infer<typeof EvaluationTriggered>
