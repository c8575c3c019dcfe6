const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

const MS_PER_SECOND = 1_000
const MS_PER_MINUTE = 60 * MS_PER_SECOND
const MS_PER_HOUR = 60 * MS_PER_MINUTE
const MS_PER_DAY = 24 * MS_PER_HOUR

/**
 * Milliseconds since 1970 of an RFC 3339 time (`2026-01-01T00:00:05Z`, with offset or fraction too); undefined when the text is
 * none. Kubernetes writes whole seconds in UTC. By hand, because core has no Date.
 */
export function parseRfc3339(text: string | null | undefined): number | undefined {
  const match = PATTERN.exec(text ?? '')
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match
  const days = daysSince1970(Number(year), Number(month), Number(day))
  const offsetMs =
    sign === undefined
      ? 0
      : (sign === '-' ? -1 : 1) *
        (Number(offsetHour) * MS_PER_HOUR + Number(offsetMinute) * MS_PER_MINUTE)
  const fractionMs = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1_000)
  return (
    days * MS_PER_DAY +
    Number(hour) * MS_PER_HOUR +
    Number(minute) * MS_PER_MINUTE +
    Number(second) * MS_PER_SECOND +
    fractionMs -
    offsetMs
  )
}

/** Days of the proleptic Gregorian calendar; years begin in March, so that the leap day is the last one. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
