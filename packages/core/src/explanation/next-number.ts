/** The smallest number above, and the largest below: what `<300` needs is "just under 300", and that has to be a number too. */

const bits = new BigInt64Array(1)
const number = new Float64Array(bits.buffer)

export function nextUp(value: number): number {
  if (!Number.isFinite(value)) return value
  if (value === 0) return Number.MIN_VALUE
  number[0] = value
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? 1n : -1n)
  return number[0]
}

export function nextDown(value: number): number {
  return -nextUp(-value)
}
