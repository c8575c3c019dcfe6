/**
 * Text of files, events and metrics systems as it may stand in a report: without what moves a cursor, breaks a line or turns the
 * direction of writing around (`\u202e` makes "gpj.exe" of "exe.jpg").
 */

const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu
const CONTROLS_BUT_LINES = /[^\P{Cc}\n\t]|[\u2028\u2029]/gu
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const SPACES = / {2,}/g

/** One line; runs of control characters and spaces become one space. */
export function singleLine(text: string): string {
  return text
    .toWellFormed()
    .replace(CONTROLS, ' ')
    .replace(DIRECTIONS, '')
    .replace(SPACES, ' ')
    .trim()
}

/** Line breaks and tabs stay: a query is read as it was written. */
export function severalLines(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replace(CONTROLS_BUT_LINES, ' ')
    .replace(DIRECTIONS, '')
}

const ELLIPSIS = '…'

/** At most so many characters, the last of them `…` where something is missing. */
export function clipped(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  // A cut through a pair of surrogates would leave half a character.
  return `${text
    .slice(0, maxLength - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')}${ELLIPSIS}`
}
