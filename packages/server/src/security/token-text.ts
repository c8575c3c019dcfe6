import { hash, randomBytes } from 'node:crypto'

/** So that scanners for leaked credentials, and our own masking, recognise a token wherever it turns up. */
const PREFIX = 'tiphys_'
/** 256 bits: not to be guessed, so that a plain SHA-256 of it can be stored. */
const TOKEN_BYTES = 32

export function createTokenText(): string {
  return PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
}

/** What is stored and looked up instead of the token, in hexadecimal. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'hex')
}
