/**
 * Times on the wire, without a clock and without Date, which core does not have. UTC throughout; the calendar is the proleptic
 * Gregorian one (days_from_civil of Howard Hinnant's date algorithms).
 */

const MS_PER_SECOND = 1000
const MS_PER_MINUTE = 60 * MS_PER_SECOND
const MS_PER_HOUR = 60 * MS_PER_MINUTE
const MS_PER_DAY = 24 * MS_PER_HOUR
const YEARS_PER_ERA = 400
const DAYS_PER_ERA = 146_097
/** From 0000-03-01, where an era starts, to 1970-01-01. */
const DAYS_BEFORE_1970 = 719_468

const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{2}):(\d{2}))?$/

/** `2006-01-02T15:04:05.000Z`, RFC 3339 with an offset, and `2006-01-02T15:04:05` (UTC) in ms since 1970; undefined for anything else. */
export function parseTimestamp(text: string): number | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  if (year === undefined || month === undefined || day === undefined) return undefined
  if (hour === undefined || minute === undefined || second === undefined) return undefined
  const isTime = hour < 24 && minute < 60 && second < 60
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || !isTime) {
    return undefined
  }
  const fractionMs = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3))
  const offset = Number(match[9] ?? 0) * MS_PER_HOUR + Number(match[10] ?? 0) * MS_PER_MINUTE
  return (
    daysSince1970(year, month, day) * MS_PER_DAY +
    hour * MS_PER_HOUR +
    minute * MS_PER_MINUTE +
    second * MS_PER_SECOND +
    fractionMs +
    (match[8] === '-' ? offset : -offset)
  )
}

/** `2006-01-02T15:04:05.000Z`, the form of every time that Keptn writes. */
export function formatTimestamp(timeMs: number): string {
  const whole = Math.floor(timeMs)
  const days = Math.floor(whole / MS_PER_DAY)
  const rest = whole - days * MS_PER_DAY
  const { year, month, day } = civilDate(days)
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`
  const hour = padded(Math.floor(rest / MS_PER_HOUR), 2)
  const minute = padded(Math.floor((rest % MS_PER_HOUR) / MS_PER_MINUTE), 2)
  const second = padded(Math.floor((rest % MS_PER_MINUTE) / MS_PER_SECOND), 2)
  return `${date}T${hour}:${minute}:${second}.${padded(rest % MS_PER_SECOND, 3)}Z`
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / YEARS_PER_ERA)
  const yearOfEra = shifted - era * YEARS_PER_ERA
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - DAYS_BEFORE_1970
}

function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + DAYS_BEFORE_1970
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return { year: yearOfEra + era * YEARS_PER_ERA + (month <= 2 ? 1 : 0), month, day }
}
