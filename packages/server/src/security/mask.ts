/** Shorter values are words like `on` or `42`: to mask them would make every line unreadable and hide nothing. */
export const SHORTEST_MASKED = 4
/** Lines of a longer secret (a PEM key) are masked one by one too, for whoever prints only some of them. */
const SHORTEST_MASKED_LINE = 12
export const MASK = '***'

/** Tokens of ours, whether or not this process knows them. */
const OWN_TOKEN = /tiphys_[A-Za-z0-9_-]{43}/g
/** The password in `https://user:password@host`. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]*:)[^\s/]+@/gi

export type Mask = (text: string) => string

/** Replaces secret values in a text, also URL-encoded, in base64 and as JSON writes them. `values` is asked at every call. */
export function createMask(values: () => readonly string[]): Mask {
  let known: readonly string[] = []
  let forms: readonly string[] = []
  return (text) => {
    const current = values()
    if (!isSame(current, known)) {
      forms = formsOf(current)
      known = current
    }
    let masked = text
    for (const form of forms) masked = masked.replaceAll(form, MASK)
    return masked.replace(OWN_TOKEN, MASK).replace(URL_PASSWORD, `$1${MASK}@`)
  }
}

/** Forms are made anew only when a value came or went. */
function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left === right) return true
  return left.length === right.length && left.every((value, index) => value === right[index])
}

/** Longest first: a secret may contain another one. */
function formsOf(values: readonly string[]): string[] {
  const forms = new Set<string>()
  for (const value of values.flatMap(withLines)) {
    if (value.length < SHORTEST_MASKED) continue
    const bytes = Buffer.from(value)
    forms.add(value)
    forms.add(percentEncoded(value))
    forms.add(bytes.toString('base64').replace(/=+$/, ''))
    forms.add(bytes.toString('base64url'))
    forms.add(JSON.stringify(value).slice(1, -1))
  }
  return [...forms].sort((left, right) => right.length - left.length)
}

function withLines(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim())
  return [value, value.trim(), ...lines.filter((line) => line.length >= SHORTEST_MASKED_LINE)]
}

/** A lone surrogate has no encoding; then the plain form must do. */
function percentEncoded(value: string): string {
  return value.isWellFormed() ? encodeURIComponent(value) : value
}
