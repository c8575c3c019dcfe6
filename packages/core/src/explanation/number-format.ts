/** Numbers for people: enough digits to see what was decided, no more. */

const DIGITS = 4
/** A double has no more. */
const MAX_DIGITS = 17
/** Narrow no-break space. */
const GROUP = '\u202f'
const GROUPED_FROM = 10_000

/** `312`, `41.26`, `0.01235`, `10 012`: at most four significant digits after which only whole numbers are exact. */
export function formatNumber(value: number, digits = DIGITS): string {
  const scale = digits === DIGITS ? everydayScale(value) : undefined
  if (scale !== undefined) return decimal(Math.round(value * scale.factor), scale)
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(digits))
  const text = String(Object.is(rounded, -0) ? 0 : rounded)
  if (Math.abs(rounded) < GROUPED_FROM || text.includes('e')) return text
  const [whole = '', fraction] = text.split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, GROUP)
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/**
 * How many places behind the point make four digits, for numbers of everyday size. Whole numbers are written several times as fast as
 * others, and writing numbers down is most of what an explanation costs.
 */
type Scale = { readonly below: number; readonly places: number; readonly factor: number }

const SMALLEST = 1e-3
const SCALES: readonly Scale[] = [
  { below: 1e-2, places: 6, factor: 1e6 },
  { below: 1e-1, places: 5, factor: 1e5 },
  { below: 1, places: 4, factor: 1e4 },
  { below: 10, places: 3, factor: 1e3 },
  { below: 100, places: 2, factor: 100 },
  { below: 1e3, places: 1, factor: 10 },
]
const TEN = 10

function everydayScale(value: number): Scale | undefined {
  const size = Math.abs(value)
  if (size < SMALLEST) return undefined
  for (const scale of SCALES) if (size < scale.below) return scale
  return undefined
}

/** `scaled` is a whole number: the digits of the one to write. */
function decimal(scaled: number, { places, factor }: Scale): string {
  const size = Math.abs(scaled)
  const whole = Math.floor(size / factor)
  let fraction = size - whole * factor
  const start = `${scaled < 0 ? '-' : ''}${whole}`
  if (fraction === 0) return start
  let shown = places
  while (fraction % TEN === 0) {
    fraction /= TEN
    shown--
  }
  return `${start}.${String(fraction).padStart(shown, '0')}`
}

/** Two numbers with as many digits as it takes to tell them apart. */
export function formatPair(left: number, right: number): readonly [string, string] {
  for (let digits = DIGITS; digits < MAX_DIGITS; digits++) {
    const pair = [formatNumber(left, digits), formatNumber(right, digits)] as const
    if (pair[0] !== pair[1] || left === right) return pair
  }
  return [String(left), String(right)]
}

/** Rounded towards the allowed side, so that the number shown is itself allowed: down for `high`, up for `low`. */
export function formatLimit(limit: number, side: 'low' | 'high'): string {
  if (Number.isInteger(limit)) return formatNumber(limit)
  const scale = everydayScale(limit)
  if (scale !== undefined) {
    const scaled = Math.round(limit * scale.factor)
    const rounded = scaled / scale.factor
    if (side === 'high' ? rounded <= limit : rounded >= limit) return decimal(scaled, scale)
  }
  for (let digits = DIGITS; digits < MAX_DIGITS; digits++) {
    const rounded = Number(limit.toPrecision(digits))
    if (side === 'high' ? rounded <= limit : rounded >= limit) return formatNumber(rounded, digits)
  }
  return String(limit)
}

/** `312 ms`, `1.84 %`, `161.2 /s`; the bare number where the unit is not known. */
export function withUnit(text: string, unit: string | null): string {
  return unit === null ? text : `${text} ${unit}`
}

/** `1 run`, `3 runs`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
