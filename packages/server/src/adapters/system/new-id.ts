import { randomUUID } from 'node:crypto'

/** What the 48 bits of the prefix and the 12 bits of the counter can hold. */
const HIGHEST_MS = 2 ** 48 - 1
const HIGHEST_COUNT = 2 ** 12 - 1
/** Counting begins below this, so that at least 2,048 ids of one millisecond stay in order. */
const FIRST_COUNTS = 2 ** 11

const PREFIX_DIGITS = 12
const FIRST_GROUP_DIGITS = 8
const COUNT_DIGITS = 3
const HEXADECIMAL = 16
/** Where the variant and the last 62 random bits of a UUID stand in its text. */
const RANDOM_REST = 19

/**
 * A source of UUIDs of version 7 (RFC 9562): 48 bits of milliseconds since 1970, a counter, 62 random bits. Ids of one source sort in the
 * order in which they were made as long as the time handed in does not go back.
 */
export function createNewId(): (nowMs: number) => string {
  let lastGivenMs = -1
  let prefixMs = -1
  let count = 0
  return (nowMs) => {
    const givenMs = Math.min(Math.max(0, Math.floor(nowMs)), HIGHEST_MS)
    const wentBack = givenMs < lastGivenMs
    lastGivenMs = givenMs
    if (wentBack || givenMs > prefixMs) {
      prefixMs = givenMs
      count = firstCount()
    } else if (++count > HIGHEST_COUNT) {
      // A full counter borrows the next millisecond, which then goes on behind it.
      prefixMs++
      count = firstCount()
    }
    return format(prefixMs, count)
  }
}

/** The source of this process. */
export const newId: (nowMs: number) => string = createNewId()

function firstCount(): number {
  return Number.parseInt(randomUUID().slice(0, COUNT_DIGITS), HEXADECIMAL) % FIRST_COUNTS
}

function format(ms: number, count: number): string {
  const prefix = ms.toString(HEXADECIMAL).padStart(PREFIX_DIGITS, '0')
  const first = prefix.slice(0, FIRST_GROUP_DIGITS)
  const second = prefix.slice(FIRST_GROUP_DIGITS)
  const counted = count.toString(HEXADECIMAL).padStart(COUNT_DIGITS, '0')
  return `${first}-${second}-7${counted}-${randomUUID().slice(RANDOM_REST)}`
}
