import { parse, type Scalar } from 'yaml'

/** One line of printable text: what a field can hold. */
const ONE_LINE = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufeff]*$/u
const MAX_VALUE_CHARACTERS = 1_024

/** Why a text cannot be the value of a field; undefined when it can. */
export function valueFault(text: string): string | undefined {
  if (text.length > MAX_VALUE_CHARACTERS) {
    return `the new value is longer than ${MAX_VALUE_CHARACTERS} characters`
  }
  return ONE_LINE.test(text) ? undefined : 'the new value is not one line of printable text'
}

/** The text of a scalar as people read it in the file: `1.10` is 1.10, not the number 1.1. Null for `~`, `null` and nothing. */
export function scalarText(node: Scalar): string | null {
  if (node.value === null) return null
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
}

export function isBlockScalar(node: Scalar): boolean {
  return node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
}

export type ScalarPlace = {
  /** Inside `{}` or `[]`, where fewer texts can stand without quotes. */
  readonly flow: boolean
  /** The scalar that is replaced, whose quotes are kept. */
  readonly old?: Scalar
  /** The value is read as a string whatever stood there (image tags). */
  readonly string?: boolean
}

/**
 * How a text is written so that it reads back as itself in every YAML that is about (Helm and Kustomize read by rules between
 * 1.1 and 1.2): in the quotes that were there; without quotes only where no reader takes it for a number, a date or a truth.
 */
export function scalarSource(text: string, place: ScalarPlace): string {
  const { old } = place
  if (old?.type === 'QUOTE_SINGLE') return `'${text.replaceAll("'", "''")}'`
  if (old?.type === 'QUOTE_DOUBLE') return JSON.stringify(text)
  if (isPlainString(text, place.flow)) return text
  if (old !== undefined && place.string !== true && staysOfItsType(text, old)) return text
  return JSON.stringify(text)
}

/** Characters that mean nothing to YAML wherever they stand. */
const PLAIN = /^[A-Za-z0-9_./][A-Za-z0-9_./@+-]*(:[A-Za-z0-9_./@+-]+)*$/

function isPlainString(text: string, flow: boolean): boolean {
  if (!PLAIN.test(text) || (flow && text.includes(':'))) return false
  return readsAs(text, '1.2') === text && readsAs(text, '1.1') === text
}

/** A number that replaces a number needs no quotes, if it is written the way it reads: 3, but not 1.10 or 0x1F. */
function staysOfItsType(text: string, old: Scalar): boolean {
  if (typeof old.value !== 'number' && typeof old.value !== 'boolean') return false
  const value = readsAs(text, '1.2')
  return (
    typeof value === typeof old.value && String(value) === text && readsAs(text, '1.1') === value
  )
}

function readsAs(text: string, version: '1.1' | '1.2'): unknown {
  try {
    return parse(text, { version, logLevel: 'silent' })
  } catch {
    return undefined
  }
}
