import type { JsonObject } from '@tiphys/contract/json.ts'

/** Texts that our files check with code, as patterns. Each is at most what the code takes: an editor may ask for more, never for less. */
const UNSIGNED = '(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d{1,2})?'

/** A Go duration, as Keptn's files and ours write it. */
export const DURATION: JsonObject = {
  pattern: '^\\s*(?:0|(?:\\d{1,9}(?:\\.\\d{0,6})?(?:ns|us|µs|ms|s|m|h))+)\\s*$',
}

/** `30d`, `720h`, `forever`; at least an hour. */
export const RETENTION: JsonObject = {
  pattern: '^(?:forever|[1-9]\\d{0,5}d|[1-9]\\d{0,6}h(?:\\d{1,5}[ms])*)$',
}

/** An operator and a number, with a sign or percent where it compares with earlier evaluations. */
export const CRITERION: JsonObject = {
  type: 'string',
  pattern: `^ *(?:<=?|>=?|=) *[+-]? *${UNSIGNED} *%? *$`,
}

/** `90%`, `90`, at most 100; empty: none. */
export const PERCENTAGE: JsonObject = {
  anyOf: [
    { type: 'string', pattern: '^(?:(?:100(?:\\.0*)?|\\d{1,2}(?:\\.\\d*)?)%?)?$' },
    { type: 'number', minimum: 0, maximum: 100 },
    { type: 'null' },
  ],
}

/** What Keptn's reader takes where it means text. */
export const TEXT: JsonObject = { type: ['string', 'number', 'boolean'] }

/** Words that are known, where others are taken and do nothing. */
export function oneOf(words: readonly string[]): JsonObject {
  return { anyOf: [{ type: 'string', enum: words }, { type: 'null' }] }
}
