/** Of an index, a data stream or an alias, with wildcards, perhaps of another cluster: `europe:logs-*`. */
const ONE_NAME = /^(?:[a-z0-9*][a-z0-9*_-]*:)?[a-z0-9*.][a-z0-9*._-]*$/i
const EXCLUDED = /^-/

/**
 * Why a text is no list of indices; undefined for one that is. It becomes part of a path: what begins with `_` is an endpoint there, and
 * `..` leads away.
 */
export function whyNoIndex(text: string): string | undefined {
  for (const [position, part] of text.split(',').entries()) {
    const name = position > 0 ? part.replace(EXCLUDED, '') : part
    const local = name.slice(name.indexOf(':') + 1)
    if (!ONE_NAME.test(name) || local === '.' || local.includes('..')) {
      return `${JSON.stringify(part)} is no name of an index`
    }
  }
  return undefined
}
