/** One field of a cron line: the values it allows. */
type Field = ReadonlySet<number>

/** A cron line of five fields (minute hour day-of-month month day-of-week), in UTC. */
export type Cron = {
  minute: Field
  hour: Field
  day: Field
  month: Field
  weekday: Field
  /** Cron's oldest oddity: if both day fields are restricted, either may match. */
  matchesEitherDay: boolean
}

const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const

const FIELD_COUNT = 5
const SUNDAY_AS_SEVEN = 7

/** Undefined if the line is not five valid fields of numbers, ranges, lists, steps and `*`. */
export function parseCron(line: string): Cron | undefined {
  const parts = line.trim().split(/\s+/)
  if (parts.length !== FIELD_COUNT) return undefined
  const fields = parts.map((part, index) => parseField(part, RANGES[index] ?? [0, 0]))
  const [minute, hour, day, month, weekday] = fields
  if (!minute || !hour || !day || !month || !weekday) return undefined
  if (weekday.has(SUNDAY_AS_SEVEN)) weekday.add(0)
  const [, , dayText = '*', , weekdayText = '*'] = parts
  const matchesEitherDay = dayText !== '*' && weekdayText !== '*'
  return { minute, hour, day, month, weekday, matchesEitherDay }
}

/** Whether the line names the minute that contains `timeMs`. */
export function cronMatches(cron: Cron, timeMs: number): boolean {
  const time = new Date(timeMs)
  if (!cron.minute.has(time.getUTCMinutes()) || !cron.hour.has(time.getUTCHours())) return false
  if (!cron.month.has(time.getUTCMonth() + 1)) return false
  const isDay = cron.day.has(time.getUTCDate())
  const isWeekday = cron.weekday.has(time.getUTCDay())
  return cron.matchesEitherDay ? isDay || isWeekday : isDay && isWeekday
}

function parseField(
  text: string,
  [lowest, highest]: readonly [number, number],
): Set<number> | undefined {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const match = part.match(/^(\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/)
    if (match === null) return undefined
    const [, range, first, last, stepText] = match
    const step = stepText === undefined ? 1 : Number(stepText)
    const from = range === '*' ? lowest : Number(first)
    const single = stepText === undefined ? from : highest
    const to = range === '*' ? highest : last === undefined ? single : Number(last)
    if (step === 0 || from < lowest || to > highest || from > to) return undefined
    for (let value = from; value <= to; value += step) values.add(value)
  }
  return values
}
