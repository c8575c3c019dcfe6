import { type Refusal, refuse } from '../answer.ts'

/** `data.project:shop AND data.stage:dev,staging`: every part must hold, a comma means any of the values. */
export type EventFilter = readonly FilterPart[]
export type FilterPart = { readonly path: string; readonly values: readonly string[] }

export type FilterResult = { readonly ok: true; readonly filter: EventFilter } | Refusal

const MAX_PARTS = 20
const PATH = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

export function parseEventFilter(text: string): FilterResult {
  const parts = text.split(/ +AND +/)
  if (parts.length > MAX_PARTS) return refuse('invalid', `filter has more than ${MAX_PARTS} parts`)
  const filter: FilterPart[] = []
  for (const part of parts) {
    const colon = part.indexOf(':')
    const path = part.slice(0, colon).trim()
    const values = part
      .slice(colon + 1)
      .split(',')
      .map((value) => value.trim())
    if (colon < 0 || !PATH.test(path) || values.includes('')) {
      return refuse(
        'invalid',
        `filter part ${JSON.stringify(part.trim())} is not of the form data.stage:dev or data.stage:dev,staging`,
      )
    }
    filter.push({ path, values })
  }
  if (filter.some((part) => SCOPES.includes(part.path))) return { ok: true, filter }
  return refuse('invalid', `filter must name ${SCOPES.join(' or ')}`)
}

/** Without one of them the whole store would be searched. */
const SCOPES = ['data.project', 'shkeptncontext']

/** Whether an event has, under each path, one of the values. Lists match when one element does, as in Keptn's store. */
export function matchesFilter(event: object, filter: EventFilter): boolean {
  return filter.every(({ path, values }) => holds(event, path.split('.'), values))
}

function holds(current: unknown, path: readonly string[], values: readonly string[]): boolean {
  if (Array.isArray(current)) return current.some((item) => holds(item, path, values))
  const [key, ...rest] = path
  if (key === undefined) {
    return ['string', 'number', 'boolean'].includes(typeof current) && values.includes(`${current}`)
  }
  if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return false
  return holds((current as Record<string, unknown>)[key], rest, values)
}

/** The values of a path when the filter names it; what an index can be asked for. */
export function filterValues(filter: EventFilter, path: string): readonly string[] | undefined {
  return filter.find((part) => part.path === path)?.values
}
