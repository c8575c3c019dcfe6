import { z } from 'zod'

/**
 * The files that `tiphys evaluate` reads besides slo.yaml and sli.yaml (design: "Offline gate"). They come from other programs,
 * so keys that nobody knows are kept and ignored.
 */

const OfflineValue = z
  .looseObject({
    metric: z.string().min(1),
    value: z.number().nullish(),
    success: z.boolean().optional(),
    message: z.string().nullish(),
  })
  .transform((entry) => {
    const measured = typeof entry.value === 'number'
    return {
      metric: entry.metric,
      value: entry.value ?? 0,
      /** Without `success`, a number is a measurement and no number is none. */
      success: measured && (entry.success ?? true),
      message: entry.message ?? '',
    }
  })

/** values.json: `{"indicatorValues":[{"metric":"rt_p95","value":312.5,"success":true,"message":""}]}`. */
export const ValuesFile = z.looseObject({
  // Keptn took the first of two; here nobody has to know that.
  indicatorValues: z.array(OfflineValue).superRefine((values, context) => {
    for (const [index, { metric }] of values.entries()) {
      const first = values.findIndex((other) => other.metric === metric)
      if (first === index) continue
      const message = `${metric} has a value already, in indicatorValues.${first}`
      context.addIssue({ code: 'custom', message, path: [index, 'metric'] })
    }
  }),
})
export type ValuesFile = z.infer<typeof ValuesFile>

/** The part of an earlier evaluation that a later one is compared with; old Keptn files leave out what was empty. */
export const PreviousEvaluationFile = z.looseObject({
  result: z.string().optional(),
  indicatorResults: z
    .array(
      z.looseObject({
        value: z
          .looseObject({
            metric: z.string(),
            value: z.number().optional(),
            success: z.boolean().optional(),
          })
          .nullish(),
      }),
    )
    .nullish(),
})
export type PreviousEvaluationFile = z.infer<typeof PreviousEvaluationFile>

/** Keptn writes null where there are none. Only texts can be compared with. */
const PreviousLabels = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((labels) =>
    Object.fromEntries(
      Object.entries(labels ?? {}).filter(
        (label): label is [string, string] => typeof label[1] === 'string',
      ),
    ),
  )

const PreviousEntry = z
  .looseObject({
    ...PreviousEvaluationFile.shape,
    id: z.string().optional(),
    evaluation: PreviousEvaluationFile.optional(),
    labels: PreviousLabels,
    data: z
      .looseObject({
        result: z.string().optional(),
        labels: PreviousLabels,
        evaluation: PreviousEvaluationFile.optional(),
      })
      .optional(),
  })
  .transform((entry, context) => {
    const evaluation = entry.data?.evaluation ?? entry.evaluation ?? entry
    if (evaluation.indicatorResults === undefined) {
      context.addIssue('expected an evaluation object with indicatorResults')
      return z.NEVER
    }
    const result = entry.data?.result ?? entry.result ?? evaluation.result
    // An evaluation object has no id; an event and an entry of a history do.
    const hasId = entry.data?.evaluation !== undefined || entry.evaluation !== undefined
    const labels = { ...entry.labels, ...entry.data?.labels }
    return { id: hasId ? entry.id : undefined, result, labels, evaluation }
  })

/**
 * previous.json: a list, newest first, of `evaluation` objects in the form of `evaluation.finished`. Its `data` and the whole event
 * are taken too, since that is what `tiphys get event evaluation.finished -o json` prints.
 */
export const PreviousFile = z.array(PreviousEntry)
export type PreviousFile = z.infer<typeof PreviousFile>

const HistorySubject = z.looseObject({
  project: z.string().nullish(),
  stage: z.string().nullish(),
  service: z.string().nullish(),
  version: z.string().nullish(),
})

/** One evaluation as `tiphys evaluate --history` keeps it. */
export const HistoryEntry = z.looseObject({
  id: z.string().min(1),
  /** RFC 3339. */
  recordedAt: z.string().optional(),
  subject: HistorySubject.optional(),
  labels: z.record(z.string(), z.string()).optional(),
  result: z.string().optional(),
  evaluation: PreviousEvaluationFile,
})
export type HistoryEntry = z.infer<typeof HistoryEntry>

/** The file of `--history`, newest first; in a folder each file holds one entry in a list of its own. */
export const HistoryFile = z.array(HistoryEntry)
