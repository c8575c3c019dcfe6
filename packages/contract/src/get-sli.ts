import { z } from 'zod'

/** `data.get-sli` of `get-sli.triggered` (facts/keptn-v1.md 3.2). */
export type GetSliTriggered = {
  readonly sliProvider: string
  /** As the evaluation's window has them. */
  readonly start: string
  readonly end: string
  readonly indicators: readonly string[]
  readonly customFilters: readonly { readonly key: string; readonly value: string }[]
}

/** The name of the Keptn task by which an SLI provider outside is asked. */
export const GET_SLI = 'get-sli'

/** One value of `get-sli.finished`. Go services leave out what is empty, so `success` that is missing is none. */
export const ToldIndicatorValue = z.looseObject({
  metric: z.string().min(1),
  value: z.number().nullish(),
  success: z.boolean().nullish(),
  message: z.string().nullish(),
})
export type ToldIndicatorValue = z.infer<typeof ToldIndicatorValue>

/** `data.get-sli` of `get-sli.finished`: a list of values, each looked at by itself; Go sends null for an empty one. */
export const GetSliFinished = z.looseObject({ indicatorValues: z.array(z.unknown()).nullish() })
