import { type DocumentSelector, documentName } from '@tiphys/contract/desired-field.ts'
import { type Document, isMap, isScalar, LineCounter, parseAllDocuments } from 'yaml'

/**
 * A YAML file opened for editing in place: the parsed documents only say where things stand, and every change is a splice of
 * the text itself. So comments, quotes, indentation and line endings cannot change where nobody changed them.
 */
export type YamlSource = {
  readonly text: string
  readonly documents: readonly Document[]
  readonly lines: LineCounter
  /** What the file ends its lines with. */
  readonly newline: '\n' | '\r\n'
}

/** A sentence without the name of the file; the caller puts that before it. */
export type Invalid = { readonly code: 'invalid'; readonly message: string }

/** A manifest larger than this is generated; nobody edits single fields in it. */
const MAX_CHARACTERS = 2_000_000
const MAX_DOCUMENTS = 1_000

export function openYaml(text: string): { code: 'source'; source: YamlSource } | Invalid {
  if (text.length > MAX_CHARACTERS) {
    return invalid(`has ${text.length} characters; at most ${MAX_CHARACTERS} are read`)
  }
  const lines = new LineCounter()
  // keepSourceTokens: where the colon of an empty value and the dash of a list entry stand is known to the tokens only.
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    keepSourceTokens: true,
  })
  if (documents.length > MAX_DOCUMENTS) return invalid(`has more than ${MAX_DOCUMENTS} documents`)
  for (const document of documents) {
    const [error] = document.errors
    if (error === undefined) continue
    const { line, col } = lines.linePos(error.pos[0])
    return invalid(`is not valid YAML at ${line}:${col}: ${error.message.split('\n', 1)[0]}`)
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  return { code: 'source', source: { text, documents: [...documents], lines, newline } }
}

/** The document meant by a selector; without one, the only document of the file. */
export function chooseDocument(
  source: YamlSource,
  selector: DocumentSelector | undefined,
): { code: 'document'; document: Document } | Invalid {
  const candidates = source.documents.filter((document, index) =>
    isChosen(document, index, selector),
  )
  const [document] = candidates
  if (document !== undefined && candidates.length === 1) return { code: 'document', document }
  if (selector === undefined) {
    return invalid(
      candidates.length === 0
        ? 'is empty'
        : `has ${candidates.length} documents; say which one with document`,
    )
  }
  return invalid(
    candidates.length === 0
      ? `has no ${documentName(selector)}`
      : `has ${candidates.length} documents that are a ${documentName(selector)}`,
  )
}

function isChosen(
  document: Document,
  index: number,
  selector: DocumentSelector | undefined,
): boolean {
  // What stands between `---` and `---` may be comments only.
  if (selector === undefined) return document.contents !== null
  if ('index' in selector) return index === selector.index
  if (textAt(document, ['kind']) !== selector.kind) return false
  return selector.name === undefined || textAt(document, ['metadata', 'name']) === selector.name
}

function textAt(document: Document, path: readonly string[]): string | undefined {
  if (!isMap(document.contents)) return undefined
  const node = document.getIn(path, true)
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined
}

/** `12:5`, for messages. */
export function placeOf(source: YamlSource, offset: number): string {
  const { line, col } = source.lines.linePos(offset)
  return `${line}:${col}`
}

export function invalid(message: string): Invalid {
  return { code: 'invalid', message }
}
