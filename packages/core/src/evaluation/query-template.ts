import { literalAt, type QueryLanguage } from './query-language.ts'
import { durationSeconds, type QueryScope } from './query-scope.ts'
import { formatTimestamp } from './timestamp.ts'

const TEMPLATE = /\{\{\s*([^{}]*?)\s*\}\}/g
const MS_PER_SECOND = 1000

type Window = { readonly startMs: number; readonly endMs: number }

export type FilledTemplate =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** What may stand between `{{` and `}}`, beside `labels.<name>` and `filters.<name>`. */
export const TEMPLATE_NAMES = [
  'project',
  'stage',
  'service',
  'deployment',
  'duration',
  'duration_s',
  'start',
  'end',
  'start_s',
  'end_s',
  'start_ms',
  'end_ms',
] as const

/**
 * Fills `{{ name }}`: beside Keptn's `$NAME`, safely. Inside a text literal of the query's language a value is escaped as that language
 * wants it; elsewhere it must be a plain word. A name that nobody knows, or a label that is not there, is refused: a query about nothing in
 * particular would pass unnoticed.
 */
export function fillTemplate(
  text: string,
  scope: QueryScope,
  window: Window,
  language: QueryLanguage,
): FilledTemplate {
  let filled = ''
  let from = 0
  for (const match of text.matchAll(TEMPLATE)) {
    const name = match[1] ?? ''
    filled += text.slice(from, match.index)
    from = match.index + match[0].length
    const value = templateValue(name, scope, window)
    if (!value.ok) return value
    const literal = literalAt(filled, value.text, language)
    if (literal === undefined) {
      const message = `{{ ${name} }} holds ${JSON.stringify(value.text)}, which would change the query; it is not asked`
      return { ok: false, message }
    }
    filled += literal
  }
  return { ok: true, text: filled + text.slice(from) }
}

/** A name between the braces that can be filled, whatever the run; for lint. */
export function isTemplateName(name: string): boolean {
  return (
    (TEMPLATE_NAMES as readonly string[]).includes(name) || /^(labels|filters)\.[\w.-]+$/.test(name)
  )
}

function templateValue(name: string, scope: QueryScope, window: Window): FilledTemplate {
  const found = simpleValue(name, scope, window)
  if (found !== undefined) return { ok: true, text: found }
  const [, group, key = ''] = /^(labels|filters)\.([\w.-]+)$/.exec(name) ?? []
  if (group === undefined) {
    const message = `{{ ${name} }} is not known: there are ${TEMPLATE_NAMES.join(', ')}, labels.<name> and filters.<name>`
    return { ok: false, message }
  }
  const values = group === 'labels' ? scope.labels : scope.filters
  const value = Object.hasOwn(values, key) ? values[key] : undefined
  if (value !== undefined) return { ok: true, text: value }
  const missing = group === 'labels' ? `label ${key}` : `filter ${key} in slo.yaml`
  return { ok: false, message: `{{ ${name} }} cannot be filled: there is no ${missing}` }
}

function simpleValue(name: string, scope: QueryScope, window: Window): string | undefined {
  const { startMs, endMs } = window
  const seconds = (ms: number) => String(Math.floor(ms / MS_PER_SECOND))
  switch (name) {
    case 'project':
      return scope.project
    case 'stage':
      return scope.stage
    case 'service':
      return scope.service
    case 'deployment':
      return scope.deployment
    case 'duration':
      return durationSeconds(window)
    case 'duration_s':
      return durationSeconds(window).slice(0, -1)
    case 'start':
      return formatTimestamp(startMs)
    case 'end':
      return formatTimestamp(endMs)
    case 'start_s':
      return seconds(startMs)
    case 'end_s':
      return seconds(endMs)
    case 'start_ms':
      return String(startMs)
    case 'end_ms':
      return String(endMs)
    default:
      return undefined
  }
}
