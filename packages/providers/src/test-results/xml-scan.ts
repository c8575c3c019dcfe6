import { SaxesParser } from 'saxes'
import { ResultsFault } from './results-reader.ts'

export type XmlElement = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

export type XmlVisitor = {
  /** `depth` is 0 for the root. */
  open(element: XmlElement, depth: number, place: XmlPlace): void
  close(name: string, depth: number): void
}

export type XmlPlace = { readonly line: number; readonly column: number }

/** Reports nest suites; nothing that tests anything nests deeper. */
const MAX_DEPTH = 100
const MAX_SENTENCE_CHARACTERS = 200
/**
 * Tools put what a test printed into their reports as it is: colours of the terminal (Jest, pytest), `]]>` in a message (node). It
 * changes no count, so it does not cost the verdict.
 */
const HARMLESS = /disallowed character\.|"\]\]>" is disallowed in char data/

/**
 * Elements of an XML file as they come. Entities of the file's own are never expanded: a DOCTYPE is refused, because no report of a
 * test tool has one and every known XML bomb does. Throws ResultsFault with the place.
 */
export function createXmlScan(visitor: XmlVisitor): { write(text: string): void; end(): void } {
  const parser = new SaxesParser({ xmlns: false, position: true })
  let depth = 0
  let hasRoot = false
  const place = (): XmlPlace => ({ line: parser.line, column: Math.max(1, parser.columnIndex) })

  parser.on('error', (error) => {
    if (HARMLESS.test(error.message)) return
    // The library puts its own place in front; ours stands before the sentence.
    const words = error.message.replace(/^[^ ]*\d+:\d+: /, '').replace(/\.$/, '')
    throw new ResultsFault(
      `this is not valid XML: ${words.slice(0, MAX_SENTENCE_CHARACTERS)}`,
      place(),
    )
  })
  parser.on('doctype', () => {
    throw new ResultsFault('has a DOCTYPE, which no test report needs and is not read', place())
  })
  parser.on('opentag', (tag) => {
    if (depth >= MAX_DEPTH) {
      throw new ResultsFault(`is nested deeper than ${MAX_DEPTH} elements`, place())
    }
    hasRoot = true
    visitor.open({ name: tag.name, attributes: tag.attributes }, depth, place())
    depth += 1
  })
  parser.on('closetag', (tag) => {
    depth -= 1
    visitor.close(tag.name, depth)
  })
  return {
    write: (text) => {
      parser.write(text)
    },
    end: () => {
      parser.close()
      if (!hasRoot) throw new ResultsFault('this is not valid XML: there is no element in it')
    },
  }
}
