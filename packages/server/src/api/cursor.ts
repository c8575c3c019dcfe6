/** Opaque to clients: a position of the log as text. The letter in front leaves room for another form. */
export function cursorOf(position: number): string {
  return Buffer.from(`p${position}`).toString('base64url')
}

const FORM = /^p(0|[1-9]\d{0,15})$/

/** Undefined for anything that `cursorOf` did not make. */
export function positionOf(cursor: string): number | undefined {
  const digits = FORM.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]
  const position = digits === undefined ? undefined : Number(digits)
  if (position === undefined || !Number.isSafeInteger(position)) return undefined
  return cursorOf(position) === cursor ? position : undefined
}
