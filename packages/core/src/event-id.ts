/**
 * Ids of events that we make: a UUID whose first 48 bits are the time of the decision and whose rest follows from
 * (stream, version). Deterministic, so that a replay is equal to the byte, and neighbours in time are neighbours in an index.
 * Not a secret and not a checksum: nothing may be guarded by it.
 */
export function eventId(stream: string, version: number, nowMs: number): string {
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, '0').slice(-12)
  const [a, b, c] = hash96(`${stream}#${version}`)
  const first = (0x7000 | (a & 0x0fff)).toString(16)
  const second = (0x8000 | ((a >>> 12) & 0x3fff)).toString(16)
  const rest = hex8(b) + hex8(c).slice(0, 4)
  return `${time.slice(0, 8)}-${time.slice(8)}-${first}-${second}-${rest}`
}

/** A UUID that follows from a text alone: any context string a client sends maps to one context. */
export function uuidOf(text: string): string {
  const [a, b, c] = hash96(text)
  const [d] = hash96(`${text}/`)
  const version = (0x8000 | (a & 0x0fff)).toString(16)
  const variant = (0x8000 | ((a >>> 12) & 0x3fff)).toString(16)
  return `${hex8(b)}-${hex8(c).slice(0, 4)}-${version}-${variant}-${hex8(c).slice(4)}${hex8(d)}`
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
}

/** Three well mixed 32-bit words of a text (multiply and xor-shift rounds over the characters, then an avalanche). */
function hash96(text: string): [number, number, number] {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  let c = 0xc2b2ae35
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x27d4eb2f)
    b = Math.imul(b ^ code ^ (a >>> 15), 0x165667b1)
    c = Math.imul(c ^ code ^ (b >>> 13), 0x9e3779b1)
  }
  return [avalanche(a ^ (c >>> 16)), avalanche(b ^ (a >>> 11)), avalanche(c ^ (b >>> 9))]
}

function avalanche(word: number): number {
  let mixed = word ^ (word >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function hex8(word: number): string {
  return word.toString(16).padStart(8, '0')
}
