import type { Route } from './request-context.ts'

export type RouteMatch =
  | { code: 'found'; route: Route; parameters: Record<string, string> }
  | { code: 'no-path' }
  | { code: 'no-method' }

/** Finds the route of a request. Segments in braces match one non-empty segment each. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch {
  let hasPath = false
  for (const route of routes) {
    const parameters = matchPath(route.path, path)
    if (parameters === undefined) continue
    hasPath = true
    if (route.method === method) return { code: 'found', route, parameters }
  }
  return { code: hasPath ? 'no-method' : 'no-path' }
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? ''
    const [, name] = segment.match(/^\{(\w+)\}$/) ?? []
    if (name === undefined) {
      if (segment !== value) return undefined
    } else {
      if (value === '') return undefined
      const decoded = decodeSegment(value)
      if (decoded === undefined) return undefined
      parameters[name] = decoded
    }
  }
  return parameters
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
