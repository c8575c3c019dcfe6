import { clipped, severalLines, singleLine } from './plain-text.ts'

/** Zero-width space: breaks what a forge would make a link or an icon of, and is not seen. */
const INVISIBLE = '\u200b'

/**
 * Text of others in Markdown: one line that makes no link, mention, reference, image, formula, icon, heading, list, table cell or HTML. `<` and `&`
 * as entities, since a backslash does not stop HTML everywhere; mentions, references and addresses are found after all of that, so
 * that only a character in between stops them.
 */
export function escapeMarkdown(text: string, maxLength: number): string {
  return clipped(singleLine(text), maxLength)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]|~$]/g, (character) => `\\${character}`)
    .replaceAll('@', `@${INVISIBLE}`)
    .replaceAll(/[#!](?=\w)/g, (sign) => `\\${sign}${INVISIBLE}`)
    .replaceAll(/\b(GH|gh)-(?=\d)/g, `$1-${INVISIBLE}`)
    .replaceAll(/:(?=\/\/)/g, `:${INVISIBLE}`)
    .replaceAll(/:(?=[a-z+-][\w+\\-]*:)/gi, `:${INVISIBLE}`)
    .replaceAll(/\b(www)(?=\.)/gi, `$1${INVISIBLE}`)
    .replace(/^([-+=#])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
}

/** A link whose text is somebody else's; the text alone where there is no address. `address` has to be one of `webLink`. */
export function markdownLink(text: string, address: string | undefined): string {
  return address === undefined ? text : `[${text}](${address})`
}

/**
 * Text as it was written, in a block of its own: HTML, because a fence of backticks ends where the text has as many. Empty lines would end
 * the block for some readers.
 */
export function markdownBlock(text: string, maxLength: number): string {
  const escaped = clipped(severalLines(text).trim(), maxLength)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', `@${INVISIBLE}`)
    .replaceAll(/\n\s*\n/g, '\n')
  return `<pre>${escaped}</pre>`
}
