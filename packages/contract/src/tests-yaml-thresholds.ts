import { z } from 'zod'
import {
  parseCriterion,
  THRESHOLD_FIGURES,
  type Threshold,
  type ThresholdFigure,
  unknownFigureMessage,
} from './test-threshold.ts'

/** One criterion, or `pass` and `warning` as in an SLO. */
const ThresholdText = z.union(
  [z.string(), z.strictObject({ pass: z.string(), warning: z.string().optional() })],
  { error: 'expected a criterion like <500ms, or pass and warning' },
)

/** What must come out of a test, by the figures that it can measure. */
export function thresholdsOf(figures: readonly ThresholdFigure[]) {
  return z.record(z.string(), z.unknown()).transform((written, context): readonly Threshold[] => {
    const thresholds: Threshold[] = []
    for (const [name, value] of Object.entries(written)) {
      const threshold = thresholdOf(figures, name, value)
      if (typeof threshold === 'string') {
        context.addIssue({ code: 'custom', message: threshold, path: [name] })
      } else thresholds.push(threshold)
    }
    return thresholds
  })
}

function thresholdOf(
  figures: readonly ThresholdFigure[],
  name: string,
  value: unknown,
): Threshold | string {
  const figure = figures.find((known) => known === name)
  if (figure === undefined) return unknownFigureMessage(name, figures)
  const kind = THRESHOLD_FIGURES[figure]
  const text = ThresholdText.safeParse(value)
  if (!text.success) return 'expected a criterion like <500ms, or an object with pass and warning'
  const written = typeof text.data === 'string' ? { pass: text.data } : text.data
  const pass = parseCriterion(written.pass, kind)
  if (!pass.ok) return pass.message
  if (written.warning === undefined) return { figure, pass: pass.criterion }
  const warning = parseCriterion(written.warning, kind)
  if (!warning.ok) return `warning: ${warning.message}`
  return { figure, pass: pass.criterion, warning: warning.criterion }
}
