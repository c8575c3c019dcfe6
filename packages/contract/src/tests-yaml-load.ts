import { z } from 'zod'
import { LOAD_FIGURES } from './test-threshold.ts'
import { requestFields, requestFieldsFault, TestName } from './tests-yaml-request.ts'
import { thresholdsOf } from './tests-yaml-thresholds.ts'
import { durationMs, fault, RatePerS, StatusPatterns } from './tests-yaml-values.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const MAX_DURATION_MS = 24 * HOUR_MS
const MAX_RAMP_MS = HOUR_MS
const MAX_THINK_TIME_MS = HOUR_MS
const MIN_TIMEOUT_MS = 10
const MAX_TIMEOUT_MS = 300_000
/** More than one process can send or hold; what a server allows is less and its own setting. */
const MAX_RATE_PER_S = 100_000
const MAX_USERS = 10_000
const MAX_REQUESTS = 50
const MAX_WEIGHT = 1_000

const Rate = RatePerS.refine((perS) => perS <= MAX_RATE_PER_S, {
  error: `expected at most ${MAX_RATE_PER_S}/s`,
})

const LoadRequest = z
  .strictObject({
    name: TestName.optional(),
    ...requestFields,
    weight: z.int().min(1).max(MAX_WEIGHT).default(1),
    /** Which answers are no failure. */
    expect: z.strictObject({ status: StatusPatterns.optional() }).optional(),
  })
  .superRefine((request, context) => requestFieldsFault(request, context))

/** The `load` of a test: how requests arrive, which, for how long, and what must come out. */
export const Load = z
  .strictObject({
    model: z.enum(['open', 'closed']).optional(),
    rate: Rate.optional(),
    arrivals: z.enum(['constant', 'poisson']).optional(),
    maxConcurrent: z.int().min(1).max(MAX_USERS).optional(),
    users: z.int().min(1).max(MAX_USERS).optional(),
    thinkTime: durationMs(0, MAX_THINK_TIME_MS).optional(),
    maxRate: Rate.optional(),
    ramp: durationMs(0, MAX_RAMP_MS).default(0),
    warmup: durationMs(0, MAX_RAMP_MS).default(0),
    duration: durationMs(SECOND_MS / 2, MAX_DURATION_MS),
    timeout: durationMs(MIN_TIMEOUT_MS, MAX_TIMEOUT_MS).default(10 * SECOND_MS),
    requests: z.array(LoadRequest).min(1).max(MAX_REQUESTS),
    thresholds: thresholdsOf(LOAD_FIGURES).default([]),
  })
  .superRefine((load, context) => {
    const model = load.model ?? (load.users === undefined ? 'open' : 'closed')
    const { needed, foreign } = MODELS[model]
    if (load[needed] === undefined) {
      fault(context, `${needed}: is missing (${MODELS[model].neededFor})`)
    }
    for (const key of foreign) {
      if (load[key] === undefined) continue
      const message = `belongs to the ${model === 'open' ? 'closed' : 'open'} model, and this test is ${model}`
      context.addIssue({ code: 'custom', message, path: [key] })
    }
    const names = load.requests.flatMap((request) => request.name ?? [])
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) {
      context.addIssue({ code: 'custom', message: `two are called ${twice}`, path: ['requests'] })
    }
  })
export type Load = z.infer<typeof Load>

const MODELS = {
  open: {
    needed: 'rate',
    neededFor: 'an open model sends so many requests a second, like 20/s',
    foreign: ['users', 'thinkTime', 'maxRate'],
  },
  closed: {
    needed: 'users',
    neededFor: 'a closed model has so many users that wait for each answer',
    foreign: ['rate', 'arrivals', 'maxConcurrent'],
  },
} as const
