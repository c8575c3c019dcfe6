import { type Refusal, refuse } from '../answer.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
/** Characters of base64 come in groups of four. */
const GROUP = 4

/** Standard base64 with padding, line breaks allowed, as Go's decoder takes it; anything else is refused by name. */
export function decodeBase64(text: string, what: string): { ok: true; bytes: Buffer } | Refusal {
  const plain = text.replace(/[\r\n]/g, '')
  if (plain.length % GROUP !== 0 || !BASE64.test(plain)) {
    return refuse('invalid', `${what} is not valid base64`)
  }
  return { ok: true, bytes: Buffer.from(plain, 'base64') }
}

/** The same for text; bytes that are not UTF-8 are refused. */
export function decodeBase64Text(text: string, what: string): { ok: true; text: string } | Refusal {
  const decoded = decodeBase64(text, what)
  if (!decoded.ok) return decoded
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(decoded.bytes) }
  } catch {
    return refuse('invalid', `${what} is not UTF-8 text`)
  }
}
