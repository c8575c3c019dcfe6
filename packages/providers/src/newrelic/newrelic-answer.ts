import { z } from 'zod'
import { oneLine, unlike } from '../sli/http-sli.ts'
import type { SliReading } from '../sli/reading.ts'
import { readRows } from './newrelic-rows.ts'

const [BAD_REQUEST, UNAUTHORIZED, TOO_MANY_REQUESTS, UNAVAILABLE] = [400, 401, 429, 503]
const [FIRST_SUCCESS, FIRST_REDIRECT] = [200, 300]
const MAX_REMARKS = 5

const Errors = z.looseObject({
  errors: z
    .array(
      z.looseObject({
        message: z.string(),
        extensions: z
          .looseObject({
            errorClass: z.string().nullish(),
            error_code: z.string().nullish(),
            code: z.string().nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
})
const Answer = z.looseObject({
  data: z.looseObject({
    actor: z.looseObject({
      account: z.looseObject({
        nrql: z.looseObject({
          results: z.array(z.record(z.string(), z.unknown())),
          metadata: z
            .looseObject({
              facets: z.array(z.string()).nullish(),
              messages: z.array(z.string()).nullish(),
            })
            .nullish(),
        }),
      }),
    }),
  }),
})

const REFUSED: ReadonlySet<string> = new Set([
  'BAD_API_KEY',
  'UNAUTHORIZED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'ACCESS_DENIED',
])
/** As New Relic's own clients: asked again. */
const TEMPORARY: ReadonlySet<string> = new Set(['TIMEOUT', 'SERVER_ERROR', 'INTERNAL_SERVER_ERROR'])

/**
 * What GraphQL answers with status 200 whatever happened, as the status it would be elsewhere. Errors beside results (a field that is
 * deprecated) are no failure.
 */
export function statusOf(status: number, body: unknown): number {
  if (status < FIRST_SUCCESS || status >= FIRST_REDIRECT || Answer.safeParse(body).success) {
    return status
  }
  const failed = Errors.safeParse(body)
  if (!failed.success) return status
  const codes = failed.data.errors.flatMap(({ extensions }) =>
    [extensions?.errorClass, extensions?.error_code, extensions?.code].map((code) => code ?? ''),
  )
  if (codes.some((code) => REFUSED.has(code))) return UNAUTHORIZED
  if (codes.includes('TOO_MANY_REQUESTS')) return TOO_MANY_REQUESTS
  return codes.some((code) => TEMPORARY.has(code)) ? UNAVAILABLE : BAD_REQUEST
}

/** New Relic's own words. */
export function complaintOf(body: unknown): string | undefined {
  const failed = Errors.safeParse(body)
  return failed.success ? failed.data.errors.map(({ message }) => message).join('; ') : undefined
}

/** The rows of a query; `field` names the value in them, where there are several. */
export function readNewRelic(
  body: unknown,
  field: string | undefined,
  queryRemarks: readonly string[],
): SliReading {
  const answer = Answer.safeParse(body)
  if (!answer.success) return unlike('New Relic', body)
  const { results, metadata } = answer.data.data.actor.account.nrql
  const reading = readRows(results, metadata?.facets ?? [], field)
  if (reading.kind === 'problem') return reading
  const complaint = complaintOf(body)
  const said = [...(metadata?.messages ?? []), ...(complaint === undefined ? [] : [complaint])]
  const remarks = [...queryRemarks, ...new Set(said.map(oneLine))].slice(0, MAX_REMARKS)
  return { ...reading, remarks }
}
