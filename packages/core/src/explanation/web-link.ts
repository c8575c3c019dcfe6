const MAX_LENGTH = 4_000
/** Printable ASCII but for what ends or escapes a link in Markdown, HTML or a terminal. */
const ADDRESS =
  /^https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?([/?#][!#-&*-;=?-Z_a-z~[\]%]*)?$/i

/** The address where it may become a link: http or https, without name and password, nothing that could be read as more than an address. */
export function webLink(address: string | null | undefined): string | undefined {
  if (address === null || address === undefined || address.length > MAX_LENGTH) return undefined
  const encoded = address.replace(/[^!-~]|["'()<>\\^`{|}]/gu, encodeCharacter)
  return ADDRESS.test(encoded) ? encoded : undefined
}

function encodeCharacter(character: string): string {
  // encodeURIComponent leaves these as they are, and fails on half a character.
  if (character === "'") return '%27'
  if (character === '(') return '%28'
  if (character === ')') return '%29'
  return encodeURIComponent(character.toWellFormed())
}
