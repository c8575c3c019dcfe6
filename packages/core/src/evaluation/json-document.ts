const LITERAL = /"(?:[^"\\]|\\.)*"/gs
/** Nothing but one placeholder: whoever writes that wants the value, whatever it is. */
const ALONE = /^\s*(?:\{\{[^{}]*\}\}|\$[\w.-]+)\s*$/

/**
 * The texts of a JSON document that may be queries of a language of their own: a value that is well escaped for JSON may still change those.
 * A template need not be JSON yet: outside of its texts numbers may be filled in.
 */
export function queriesInJson(template: string): readonly string[] {
  return [...template.matchAll(LITERAL)]
    .map(([literal]) => textOf(literal))
    .filter((text) => !ALONE.test(text))
}

/** What is sent as JSON begins like it; forms and other texts have rules of their own, which nobody knows here. */
export function looksLikeJson(template: string): boolean {
  return /^\s*[[{]/.test(template)
}

function textOf(literal: string): string {
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal.slice(1, -1)
  }
}
