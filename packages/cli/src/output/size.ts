const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const
const STEP = 1_024

/** `812 bytes`, `4.2 MB`. */
export function formatSize(sizeBytes: number): string {
  let value = sizeBytes
  let unit = 0
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}
