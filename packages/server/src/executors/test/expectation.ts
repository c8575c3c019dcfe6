import type { IncomingHttpHeaders } from 'node:http'
import type { Json } from '@tiphys/contract/json.ts'
import type { Expectation } from '@tiphys/contract/test-plan.ts'
import { statusMatches } from '@tiphys/contract/tests-yaml-values.ts'
import { jsonFault } from './json-fault.ts'

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly durationMs: number
}

/** What about an answer is not as expected, each in a few words that show expected and found; empty = it holds. */
export function faultsOf(answer: Answer, expect: Expectation): string[] {
  const faults: string[] = []
  if (!statusMatches(expect.status, answer.status)) {
    faults.push(`answered ${answer.status}, not ${expect.status.join(' or ')}`)
  }
  if (expect.maxDurationMs !== undefined && answer.durationMs > expect.maxDurationMs) {
    faults.push(`took ${Math.ceil(answer.durationMs)} ms, more than ${expect.maxDurationMs} ms`)
  }
  for (const [name, wanted] of Object.entries(expect.headers)) {
    const found = headerText(answer.headers, name)
    if (found === undefined) faults.push(`has no header ${name}`)
    else if (!found.includes(wanted)) {
      faults.push(`has header ${name}: ${shown(found)}, without ${shown(wanted)}`)
    }
  }
  for (const text of expect.bodyContains) {
    if (!answer.body.includes(text)) {
      faults.push(`body does not contain ${shown(text)}; it is ${shown(answer.body)}`)
    }
  }
  if (expect.json !== undefined) {
    const fault = jsonBodyFault(answer.body, expect.json)
    if (fault !== undefined) faults.push(fault)
  }
  return faults
}

function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return Array.isArray(value) ? value.join(', ') : value
}

function jsonBodyFault(body: string, wanted: Json): string | undefined {
  let found: Json
  try {
    found = JSON.parse(body) as Json
  } catch {
    return `body is not JSON; it is ${shown(body)}`
  }
  return jsonFault(found, wanted)
}

/** Enough of an answer to recognise it, never all of it: it may hold what does not belong into an event. */
function shown(text: string): string {
  const limit = 80
  return JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…` : text)
}
