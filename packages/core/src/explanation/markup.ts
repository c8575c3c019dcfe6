import { severalLines, singleLine } from './plain-text.ts'

/**
 * HTML that cannot be mixed up with text: whatever is put into a template is escaped, unless a template made it. So no text of a file, an
 * event or a metrics system can get out of its place, wherever it stands.
 */
export type Markup = { readonly markup: string }

type Part = string | number | Markup | null | readonly Part[]

/** html`<p class="${name}">${text}</p>`. Attributes have to stand in double quotes; null is nothing, a list is one after the other. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let markup = literals[0] ?? ''
  parts.forEach((part, index) => {
    markup += markupOf(part) + (literals[index + 1] ?? '')
  })
  return { markup }
}

/** Text whose line breaks mean something, for `<pre>`. */
export function preformatted(text: string): Markup {
  return { markup: escaped(severalLines(text)) }
}

function markupOf(part: Part): string {
  if (part === null) return ''
  if (typeof part === 'number') return Number.isFinite(part) ? String(part) : '0'
  if (typeof part === 'string') return escaped(singleLine(part))
  return 'markup' in part ? part.markup : part.map(markupOf).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
