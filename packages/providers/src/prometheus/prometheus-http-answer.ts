import type { SliProblemCode } from '@tiphys/core/evaluation/sli-value.ts'
import { z } from 'zod'
import type { HttpAnswer } from '../http/guarded-http.ts'

const Success = z.looseObject({
  status: z.literal('success'),
  data: z.looseObject({ resultType: z.string(), result: z.array(z.unknown()) }),
})
const Failure = z.looseObject({
  status: z.literal('error'),
  errorType: z.string(),
  error: z.string(),
})

export type ReadAnswer =
  | { readonly ok: true; readonly resultType: string; readonly result: readonly unknown[] }
  | { readonly ok: false; readonly problem: SliProblemCode; readonly message: string }

/** Types of error that a better query would cure; the rest is the server's own trouble. */
const QUERY_ERRORS: ReadonlySet<string> = new Set(['bad_data', 'execution'])
const MAX_SHOWN = 200

/** What Prometheus, or whatever stands in front of it, answered to a query. */
export function readAnswer(answer: HttpAnswer, host: string): ReadAnswer {
  const body = parseJson(answer.text)
  const success = Success.safeParse(body)
  if (success.success) return { ok: true, ...success.data.data }
  const failure = Failure.safeParse(body)
  if (failure.success) {
    const { errorType, error } = failure.data
    const problem = QUERY_ERRORS.has(errorType) ? 'query-refused' : 'provider-failed'
    return { ok: false, problem, message: `${errorType}: ${error}` }
  }
  const start = answer.text.trim().slice(0, MAX_SHOWN)
  const shown = start === '' ? 'nothing' : JSON.stringify(start)
  const message = `${host} does not answer like Prometheus: status ${answer.status}, ${shown}`
  return { ok: false, problem: 'provider-failed', message }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
