import { fieldName } from '@tiphys/contract/desired-field.ts'
import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import { getField, setField } from '../../desired-state/field.ts'
import type {
  FieldAt,
  FieldDifference,
  FieldEdit,
  FieldState,
  FieldValue,
  InvalidField,
} from '../../ports/desired-state.ts'
import type { NewFile } from './fast-import.ts'
import type { Repositories } from './repositories.ts'

/** The files of one commit that fields are in, as text. */
export type FileTexts = ReadonlyMap<string, { readonly text: string; readonly mode: FileMode }>
type FileMode = '100644' | '100755'

export async function readTexts(
  repositories: Repositories,
  directory: string,
  commitId: string,
  fields: readonly FieldAt[],
): Promise<{ code: 'texts'; texts: FileTexts } | InvalidField> {
  const texts = new Map<string, { text: string; mode: FileMode }>()
  for (const { file } of fields) {
    if (texts.has(file)) continue
    const fault = repositoryPathFault(file)
    if (fault !== undefined) return invalidField(file, `the path ${JSON.stringify(file)} ${fault}`)
    const mode = await modeOf(repositories, directory, commitId, file)
    if (mode === undefined)
      return invalidField(file, `${file} is not in the repository at ${commitId.slice(0, 12)}`)
    if (mode !== '100644' && mode !== '100755') {
      return invalidField(file, `${file} is no ordinary file (a folder, a link or a submodule)`)
    }
    const object = await repositories.read(directory, `${commitId}:${file}`)
    const text = object === undefined ? undefined : decode(object.content)
    if (text === undefined) return invalidField(file, `${file} is not UTF-8 text`)
    texts.set(file, { text, mode })
  }
  return { code: 'texts', texts }
}

/** The mode of a path, from the tree it is in; undefined when it is not there. */
async function modeOf(
  repositories: Repositories,
  directory: string,
  commitId: string,
  path: string,
): Promise<string | undefined> {
  const slash = path.lastIndexOf('/')
  const folder = slash === -1 ? '' : path.slice(0, slash)
  const tree = await repositories.read(directory, `${commitId}:${folder}`)
  if (tree?.type !== 'tree') return undefined
  return modeInTree(tree.content, path.slice(slash + 1), tree.id.length / 2)
}

/** A tree is a row of `<mode> <name>\0<id in bytes>`. */
function modeInTree(tree: Buffer, name: string, idBytes: number): string | undefined {
  let offset = 0
  while (offset < tree.length) {
    const space = tree.indexOf(0x20, offset)
    const end = tree.indexOf(0, space)
    if (space === -1 || end === -1) return undefined
    if (tree.toString('utf8', space + 1, end) === name)
      return tree.toString('latin1', offset, space)
    offset = end + 1 + idBytes
  }
  return undefined
}

function decode(content: Buffer): string | undefined {
  try {
    // A byte order mark is part of the file, and stays.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    return undefined
  }
}

export function fieldStates(
  texts: FileTexts,
  fields: readonly FieldAt[],
): { code: 'states'; states: FieldState[] } | InvalidField {
  const states: FieldState[] = []
  for (const { file, field } of fields) {
    const read = getField(texts.get(file)?.text ?? '', field)
    if (read.code === 'invalid') return invalidField(file, `${file} ${read.message}`)
    states.push({ file, field, value: read.value })
  }
  return { code: 'states', states }
}

/** The files as they are after the edits, only those that differ. Several edits of one file follow each other. */
export function editedFiles(
  texts: FileTexts,
  edits: readonly FieldEdit[],
): { code: 'files'; files: NewFile[]; texts: FileTexts } | InvalidField {
  const edited = new Map(texts)
  for (const { file, field, value } of edits) {
    const current = edited.get(file)
    if (current === undefined) return invalidField(file, `${file} was not read`)
    const changed = setField(current.text, field, value)
    if (changed.code === 'invalid') return invalidField(file, `${file} ${changed.message}`)
    edited.set(file, { text: changed.text, mode: current.mode })
  }
  const files = [...edited].flatMap(([path, { text, mode }]) =>
    text === texts.get(path)?.text ? [] : [{ path, content: Buffer.from(text), mode }],
  )
  return { code: 'files', files, texts: edited }
}

/** The edits whose field holds neither what it is compared with nor what it shall hold. */
export function differencesOf(
  edits: readonly FieldEdit[],
  states: readonly FieldState[],
): FieldDifference[] {
  return edits.flatMap((edit, index) => {
    const { file, field, onlyIf: expected } = edit
    const found = states[index]?.value ?? null
    if (expected === undefined || found === expected || found === edit.value) return []
    return [{ file, field, expected, found }]
  })
}

export function differenceSentence(difference: FieldDifference): string {
  const { file, field, found, expected } = difference
  return `${fieldName(field)} in ${file} is ${shown(found)}, not ${shown(expected)} any more`
}

function shown(value: FieldValue): string {
  return value === null ? 'not set' : value === '' ? 'empty' : value
}

function invalidField(file: string, message: string): InvalidField {
  return { code: 'invalid-field', file, message }
}
