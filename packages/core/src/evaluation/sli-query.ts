import { looksLikeJson, queriesInJson } from './json-document.ts'
import { literalAt, openQuote, PLAIN, PROMQL, type QueryLanguage } from './query-language.ts'
import { durationSeconds, type QueryScope, withoutQuotes } from './query-scope.ts'
import { fillTemplate } from './query-template.ts'

export type ExpandedQuery =
  | { readonly ok: true; readonly query: string }
  | { readonly ok: false; readonly message: string }

/**
 * Fills the placeholders of a query by plain replacement, in Keptn's order: the filters of slo.yaml as `$key` and `$KEY`, then `$PROJECT`,
 * `$STAGE`, `$SERVICE`, `$DEPLOYMENT`, `$LABEL.<key>`, `$DURATION_SECONDS`. Longer names go first, so that `$id` does not eat the start of
 * `$identity`.
 *
 * Labels and deployment come with an event, and an event may not change what is asked (behaviour.md 5): inside quotes they must not
 * end the quotes, outside they must be plain words; in a document of JSON both holds for each of its texts, too. `{{ … }}` is filled after that (query-template.ts).
 */
export function expandQuery(
  query: string,
  scope: QueryScope,
  window: { readonly startMs: number; readonly endMs: number },
  language: QueryLanguage = PROMQL,
): ExpandedQuery {
  const { texts } = language
  if (texts !== undefined) {
    if (!looksLikeJson(query)) return expandQuery(query, scope, window, PLAIN)
    for (const one of queriesInJson(query)) {
      const expanded = expandQuery(one, scope, window, texts)
      if (!expanded.ok) return expanded
    }
  }
  let text = query
  for (const [key, value] of longestFirst(scope.filters)) {
    const plain = withoutQuotes(value)
    text = text.replaceAll(`$${key}`, () => plain).replaceAll(`$${key.toUpperCase()}`, () => plain)
  }
  text = text
    .replaceAll('$PROJECT', () => scope.project)
    .replaceAll('$STAGE', () => scope.stage)
    .replaceAll('$SERVICE', () => scope.service)
    .replaceAll('$DURATION_SECONDS', () => durationSeconds(window))

  const untrusted: [string, string][] = [
    ['$DEPLOYMENT', scope.deployment],
    ...longestFirst(scope.labels).map(([key, value]): [string, string] => [`$LABEL.${key}`, value]),
  ]
  for (const [placeholder, value] of untrusted) {
    const filled = fillUntrusted(text, placeholder, value, language)
    if (filled === undefined) {
      const message = `${placeholder} holds ${JSON.stringify(value)}, which would change the query; it is not asked`
      return { ok: false, message }
    }
    text = filled
  }
  const filled = fillTemplate(text, scope, window, language)
  return filled.ok ? { ok: true, query: filled.text } : filled
}

function longestFirst(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).toSorted(([left], [right]) => right.length - left.length)
}

/** Undefined when a value would leave the place that its query gives it. Keptn's placeholders are not escaped, so what would need it is refused. */
function fillUntrusted(
  text: string,
  placeholder: string,
  value: string,
  language: QueryLanguage,
): string | undefined {
  const parts = text.split(placeholder)
  let filled = parts[0] ?? ''
  for (const part of parts.slice(1)) {
    const isQuoted = openQuote(filled, language) !== ''
    const isPlainText = !isQuoted || /^[^'"`\\\p{Cc}]*$/u.test(value)
    const isSafe = isPlainText && literalAt(filled, value, language) === value
    if (!isSafe) return undefined
    filled += value + part
  }
  return filled
}
