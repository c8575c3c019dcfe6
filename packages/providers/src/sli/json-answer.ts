/** Deeper than any metrics system answers; much deeper, and whatever walks through the answer would end the process' stack. */
export const MAX_DEPTH = 100

export type ParsedJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false }

/** A text as JSON; not ok where it is none, or nested beyond reason. */
export function parseJson(text: string): ParsedJson {
  if (isTooDeep(text)) return { ok: false }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false }
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0
  let isText = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (isText && character === '\\') index++
    else if (character === '"') isText = !isText
    else if (isText) continue
    else if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    if (depth > MAX_DEPTH) return true
  }
  return false
}
