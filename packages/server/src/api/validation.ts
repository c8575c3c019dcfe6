import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { RefusedError, refuse } from './answer.ts'

/** Checks the parts of a request with their zod schemas; what is wrong with them becomes one sentence. */
export const zodValidator: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const result = schema.safeParse(data)
    if (result.success) return { value: result.data }
    const sentence = sentenceOf(result.error, httpPart ?? 'body')
    return { error: new RefusedError(refuse('invalid', sentence)) }
  }

/** What a schema found wrong with a part of a request, in one sentence. */
export function sentenceOf(error: z.ZodError, part: string): string {
  return error.issues
    .slice(0, MAX_ISSUES)
    .map((issue) => describe(issue, part))
    .join('; ')
}

const MAX_ISSUES = 5

function describe(issue: z.core.$ZodIssue, part: string): string {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return `the request body has the unknown field ${issue.keys.join(', ')}`
  }
  if (path === '') return `the request ${part} ${wording(issue, 'body')}`
  return part === 'querystring'
    ? `query parameter ${path} ${wording(issue, 'parameter')}`
    : `${path} ${wording(issue, 'field')}`
}

function wording(issue: z.core.$ZodIssue, what: string): string {
  const found = issue.message.replace(/^Invalid input: /, '')
  if (issue.code !== 'invalid_type' || found === issue.message) return lowerFirst(found)
  if (found.endsWith('received undefined')) return `is missing (expected ${issue.expected})`
  if (what === 'body' && found.endsWith('received null')) return 'is missing or not a JSON object'
  if (what === 'parameter' && found.endsWith('received array')) return 'stands there twice'
  return `must be ${article(issue.expected)} (${found.replace(/^expected \w+, /, '')})`
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
