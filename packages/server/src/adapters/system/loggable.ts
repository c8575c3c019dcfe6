import type { Json } from '@tiphys/contract/json.ts'
import { MASK, type Mask } from '../../security/mask.ts'

const DEEPEST = 8
const MOST_ENTRIES = 100
const LONGEST_TEXT = 16_384
const UNREADABLE = '[unreadable]'

/** Fields that hold credentials wherever they stand, known to us as secrets or not. */
const CREDENTIAL_FIELD =
  /^(authorization|proxy-authorization|x-token|cookie|set-cookie|password|passphrase|secret|(api|access|bearer|auth)?-?_?token|secret-?_?key|private-?_?key|api-?_?key)$/i

type Place = { readonly mask: Mask; readonly above: readonly object[] }

/** Any value as JSON for a log line: bounded in depth, entries and length, without cycles, secrets masked. Never throws. */
export function toLoggable(value: unknown, mask: Mask): Json {
  return show(value, { mask, above: [] })
}

function show(value: unknown, place: Place): Json {
  try {
    if (typeof value === 'object' && value !== null) return showObject(value, place)
    return showPlain(value, place.mask)
  } catch {
    // A getter, a proxy or a toJSON of somebody else's.
    return UNREADABLE
  }
}

function showPlain(value: unknown, mask: Mask): Json {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'string') return shorten(mask(value))
  if (typeof value === 'function') return '[function]'
  return mask(String(value))
}

function showObject(value: object, place: Place): Json {
  if (place.above.includes(value)) return '[circular]'
  if (place.above.length >= DEEPEST) return '[deeper]'
  const below = { mask: place.mask, above: [...place.above, value] }
  if (value instanceof Error) return showError(value, below)
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`
  if (value instanceof Map) return showFields(value.entries(), below)
  if (Array.isArray(value) || value instanceof Set) return showList([...value], below)
  const toJson: unknown = 'toJSON' in value ? value.toJSON : undefined
  if (typeof toJson === 'function') return show(toJson.call(value), below)
  return showFields(fieldsOf(value), below)
}

function showList(values: readonly unknown[], below: Place): Json {
  const shown = values.slice(0, MOST_ENTRIES).map((one) => show(one, below))
  const more = values.length - shown.length
  return more > 0 ? [...shown, `[${more} more]`] : shown
}

/** Own fields of an error (`code`, `errno` …) are kept beside the four that every error has. */
function showError(error: Error, below: Place): Json {
  const own = [...fieldsOf(error)].filter(([key]) => !['name', 'message', 'stack'].includes(key))
  const cause: [string, unknown][] = error.cause === undefined ? [] : [['cause', error.cause]]
  const errors: [string, unknown][] =
    error instanceof AggregateError ? [['errors', error.errors]] : []
  return showFields(
    [
      ['name', error.name],
      ['message', error.message],
      ['stack', error.stack],
      ...own,
      ...cause,
      ...errors,
    ],
    below,
  )
}

function* fieldsOf(value: object): Generator<[string, unknown]> {
  for (const key of Object.keys(value)) {
    let field: unknown
    try {
      field = (value as Record<string, unknown>)[key]
    } catch {
      field = UNREADABLE
    }
    yield [key, field]
  }
}

function showFields(fields: Iterable<[unknown, unknown]>, below: Place): Json {
  const shown: Record<string, Json> = Object.create(null)
  let count = 0
  for (const [key, field] of fields) {
    if (field === undefined) continue
    if (++count > MOST_ENTRIES) {
      shown['[more]'] = true
      break
    }
    const name = shorten(below.mask(String(key)))
    const isCredential = CREDENTIAL_FIELD.test(name) && typeof field === 'string' && field !== ''
    shown[name] = isCredential ? MASK : show(field, below)
  }
  return shown
}

function shorten(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  return `${text.slice(0, LONGEST_TEXT)}… (${text.length - LONGEST_TEXT} more characters)`
}
