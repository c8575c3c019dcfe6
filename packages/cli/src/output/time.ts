const NANOSECONDS_PER_MS = 1_000_000n
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Keptn writes creation times as nanoseconds since 1970 in text. Undefined when it is none. */
export function fromNanoseconds(text: string): Date | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined
  return new Date(Number(BigInt(text) / NANOSECONDS_PER_MS))
}

/** `2026-11-22 21:19:04`, in the time zone of the person who reads. */
export function formatTime(time: Date | undefined): string {
  if (time === undefined || Number.isNaN(time.getTime())) return ''
  const parts = [time.getFullYear(), time.getMonth() + 1, time.getDate()]
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()]
  return `${parts.map(two).join('-')} ${clock.map(two).join(':')}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `just now`, `3 min ago`, `5 h ago`, `2 d ago`. */
export function formatAge(ageMs: number): string {
  if (ageMs < MINUTE_MS) return 'just now'
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min ago`
  if (ageMs < DAY_MS) return `${Math.floor(ageMs / HOUR_MS)} h ago`
  return `${Math.floor(ageMs / DAY_MS)} d ago`
}
