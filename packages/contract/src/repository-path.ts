const MAX_PATH_CHARACTERS = 1_024
const MAX_PART_CHARACTERS = 255
const CONTROL_CHARACTER = /\p{Cc}/u

/**
 * Why a text cannot be the path of a file in a Git repository, as the end of a sentence that begins with the path; undefined when
 * it can. Paths are relative, use `/`, and never leave the repository or touch Git's own folder on any file system.
 */
export function repositoryPathFault(path: string): string | undefined {
  if (path === '') return 'is empty'
  if (path.length > MAX_PATH_CHARACTERS) {
    return `is longer than ${MAX_PATH_CHARACTERS} characters`
  }
  if (CONTROL_CHARACTER.test(path)) return 'has a control character in it'
  if (path.includes('\\')) return 'has a backslash in it; parts are joined by /'
  if (path.startsWith('/')) return 'is absolute; write it relative to the repository'
  for (const part of path.split('/')) {
    const fault = partFault(part)
    if (fault !== undefined) return fault
  }
  return undefined
}

function partFault(part: string): string | undefined {
  if (part === '') return 'has an empty part (// or a / at the end)'
  if (part === '.' || part === '..') return `has the part ${part} in it`
  if (part.length > MAX_PART_CHARACTERS) {
    return `has a part longer than ${MAX_PART_CHARACTERS} characters`
  }
  // `.git` in every spelling that some file system takes for it; a clone must never meet it.
  if (/^(\.git|git~\d+)[. ]*$/i.test(part))
    return `has the part ${part} in it, which belongs to Git`
  return undefined
}
