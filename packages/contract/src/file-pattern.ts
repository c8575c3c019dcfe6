import { repositoryPathFault } from './repository-path.ts'

/**
 * Patterns of files below a folder: `*` and `?` stand for characters of one name, `**` as a whole part for any number of folders.
 * `report.xml`, `reports/*.xml`, `playwright-report/**`. Matching takes time in proportion to pattern times path, whatever they are.
 */

/** Why a text is no such pattern, as the end of a sentence that begins with it; undefined when it is one. */
export function filePatternFault(pattern: string): string | undefined {
  return repositoryPathFault(pattern)
}

export function matchesPattern(pattern: string, path: string): boolean {
  return matchesAll(pattern.split('/'), path.split('/'), isFolders, matchesName)
}

function isFolders(part: string | undefined): boolean {
  return part === '**'
}

function matchesName(pattern: string, name: string): boolean {
  const isStar = (character: string | undefined) => character === '*'
  const isSame = (wanted: string, character: string) => wanted === '?' || wanted === character
  return matchesAll([...pattern], [...name], isStar, isSame)
}

/**
 * The usual matching with one wildcard that stands for any number: where it does not go on, the last wildcard takes one more. Going
 * back to an earlier one never helps, so it is quadratic at worst.
 */
function matchesAll(
  wanted: readonly string[],
  found: readonly string[],
  isWildcard: (part: string | undefined) => boolean,
  isSame: (wanted: string, found: string) => boolean,
): boolean {
  let at = 0
  let wildcard = -1
  let resumeAt = 0
  let next = 0
  while (at < found.length) {
    const part = wanted[next]
    const here = found[at]
    if (isWildcard(part)) {
      wildcard = next
      resumeAt = at
      next += 1
    } else if (part !== undefined && here !== undefined && isSame(part, here)) {
      next += 1
      at += 1
    } else if (wildcard >= 0) {
      resumeAt += 1
      at = resumeAt
      next = wildcard + 1
    } else return false
  }
  while (isWildcard(wanted[next])) next += 1
  return next === wanted.length
}
