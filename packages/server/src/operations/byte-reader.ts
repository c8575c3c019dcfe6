/** Takes exact numbers of bytes from chunks of any size. */
export type ByteReader = {
  /** Exactly so many; undefined when there are fewer left. */
  take(length: number): Promise<Buffer | undefined>
  /** Some, at most `limit`; undefined at the end. */
  takeUpTo(limit: number): Promise<Uint8Array | undefined>
  isAtEnd(): Promise<boolean>
  /** How many were taken. */
  position(): number
  /** Lets the source go. */
  close(): Promise<void>
}

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]()
  let chunk: Uint8Array = new Uint8Array(0)
  let position = 0

  /** False at the end. */
  async function fill(): Promise<boolean> {
    while (chunk.length === 0) {
      const next = await iterator.next()
      if (next.done === true) return false
      chunk = next.value
    }
    return true
  }

  async function takeUpTo(limit: number): Promise<Uint8Array | undefined> {
    if (!(await fill())) return undefined
    const taken = chunk.subarray(0, limit)
    chunk = chunk.subarray(taken.length)
    position += taken.length
    return taken
  }

  return {
    async take(length) {
      const taken: Uint8Array[] = []
      for (let left = length; left > 0; ) {
        const some = await takeUpTo(left)
        if (some === undefined) return undefined
        taken.push(some)
        left -= some.length
      }
      return Buffer.concat(taken)
    },
    takeUpTo,
    isAtEnd: async () => !(await fill()),
    position: () => position,
    async close() {
      await iterator.return?.()
    },
  }
}
