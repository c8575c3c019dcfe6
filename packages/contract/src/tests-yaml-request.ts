import { z } from 'zod'
import { templateFault } from './name-template.ts'
import type { RequestPlan } from './test-plan.ts'
import {
  BodyText,
  BoundedJson,
  fault,
  RequestHeaders,
  RequestLineText,
} from './tests-yaml-values.ts'

/** What tests and named requests are called: it becomes a key of the results and part of an indicator's name. */
export const TestName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, {
  error: 'expected a name of letters, digits, - and _ (at most 63)',
})

/** Fields that a check and a request of a load test share. */
export const requestFields = {
  request: RequestLineText.superRefine((line, context) => {
    const message = templateFault(line.path)
    if (message !== undefined) fault(context, message)
  }),
  headers: RequestHeaders.optional(),
  body: BodyText.optional(),
  /** Sent as the body, with content-type application/json. */
  json: BoundedJson.optional(),
}

type RequestFields = {
  readonly request: { readonly method: RequestPlan['method']; readonly path: string }
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  readonly json?: unknown
}

const BODYLESS_METHODS: readonly string[] = ['GET', 'HEAD']

export function requestFieldsFault(
  fields: RequestFields,
  context: {
    addIssue(issue: { code: 'custom'; message: string; path: string[] }): void
  },
): void {
  const { body, json } = fields
  // Broken fields are reported by themselves; zod calls this with what is left of them.
  if (body !== undefined && json !== undefined) {
    context.addIssue({
      code: 'custom',
      message: 'body and json exclude each other',
      path: ['body'],
    })
  }
  const sent = body !== undefined ? 'body' : json !== undefined ? 'json' : undefined
  if (sent !== undefined && BODYLESS_METHODS.includes(fields.request.method)) {
    const message = `a ${fields.request.method} request has no body`
    context.addIssue({ code: 'custom', message, path: [sent] })
  }
}

export function requestPlan(fields: RequestFields): RequestPlan {
  const { method, path } = fields.request
  const headers = fields.headers ?? {}
  if (fields.json !== undefined) {
    return {
      method,
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(fields.json),
    }
  }
  return { method, path, headers, ...(fields.body === undefined ? {} : { body: fields.body }) }
}
