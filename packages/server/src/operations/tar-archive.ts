/**
 * The small part of tar (ustar) that a backup needs: regular files one after the other, each after a header of 512 bytes, padded
 * to 512, and two empty blocks at the end. `tar tvf` and `tar xf` read it. There is exactly one way to write a given set of files, so a reader
 * can refuse every other byte.
 */
export type TarEntry = {
  readonly name: string
  readonly sizeBytes: number
  /** When it was made. */
  readonly timeMs: number
}

export const BLOCK_BYTES = 512
/** What follows the last file. */
export const TAR_END = new Uint8Array(2 * BLOCK_BYTES)

const NAME_BYTES = 100
const OWNER_ONLY = 0o600
const OCTAL = 8
/** Eleven octal digits; larger sizes are written in binary, as GNU tar does. */
const LARGEST_OCTAL_SIZE = OCTAL ** 11 - 1
const BINARY_MARK = 0x80
const MS_PER_SECOND = 1_000

const SIZE = { at: 124, length: 12 }
const TIME = { at: 136, length: 12 }
const CHECKSUM = { at: 148, length: 8 }

/** Throws RangeError when the name does not fit. */
export function tarHeader({ name, sizeBytes, timeMs }: TarEntry): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES)
  if (Buffer.byteLength(name) >= NAME_BYTES) throw new RangeError(`${name} is too long for tar`)
  header.write(name, 0)
  header.write(octal(OWNER_ONLY, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  writeSize(header, sizeBytes)
  header.write(octal(Math.floor(timeMs / MS_PER_SECOND), TIME.length), TIME.at)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  header.write(' '.repeat(CHECKSUM.length), CHECKSUM.at)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(OCTAL).padStart(6, '0')}\0 `, CHECKSUM.at)
  return header
}

/** Undefined when it is not exactly what `tarHeader` writes. */
export function readTarHeader(header: Buffer): TarEntry | undefined {
  const end = header.indexOf(0)
  if (end <= 0 || end >= NAME_BYTES) return undefined
  const name = header.toString('utf8', 0, end)
  const sizeBytes = readSize(header)
  const seconds = Number.parseInt(header.toString('latin1', TIME.at, TIME.at + TIME.length), OCTAL)
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || Number.isNaN(seconds)) return undefined
  const entry = { name, sizeBytes, timeMs: seconds * MS_PER_SECOND }
  return tarHeader(entry).equals(header) ? entry : undefined
}

/** Zeros between the end of a file and the next header. */
export function paddingBytes(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES
}

function writeSize(header: Buffer, sizeBytes: number): void {
  if (sizeBytes <= LARGEST_OCTAL_SIZE) {
    header.write(octal(sizeBytes, SIZE.length), SIZE.at)
    return
  }
  header[SIZE.at] = BINARY_MARK
  header.writeBigUInt64BE(BigInt(sizeBytes), SIZE.at + 4)
}

function readSize(header: Buffer): number {
  if (header[SIZE.at] === BINARY_MARK) return Number(header.readBigUInt64BE(SIZE.at + 4))
  return Number.parseInt(header.toString('latin1', SIZE.at, SIZE.at + SIZE.length), OCTAL)
}

/** Digits with leading zeros and a NUL at the end. */
function octal(value: number, length: number): string {
  return `${value.toString(OCTAL).padStart(length - 1, '0')}\0`
}
