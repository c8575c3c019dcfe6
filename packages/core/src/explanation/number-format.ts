/** Numbers for people: enough digits to see what was decided, no more. */

const DIGITS = 4
/** A double has no more. */
const MAX_DIGITS = 17
/** Narrow no-break space. */
const GROUP = '\u202f'
const GROUPED_FROM = 10_000

/** `312`, `41.26`, `0.01235`, `10 012`: at most four significant digits after which only whole numbers are exact. */
export function formatNumber(value: number, digits = DIGITS): string {
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(digits))
  const text = String(Object.is(rounded, -0) ? 0 : rounded)
  if (Math.abs(rounded) < GROUPED_FROM || text.includes('e')) return text
  const [whole = '', fraction] = text.split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, GROUP)
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
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
