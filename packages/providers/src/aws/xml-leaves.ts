import { SaxesParser } from 'saxes'

/** The text of every element without children, by its name; of several the first. Empty for a text that is no XML. */
export function readXmlLeaves(text: string): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  const parser = new SaxesParser()
  let open = ''
  let content = ''
  parser.on('opentag', ({ name }) => {
    open = name
    content = ''
  })
  parser.on('text', (more) => {
    content += more
  })
  parser.on('closetag', ({ name }) => {
    if (name === open && !leaves.has(name)) leaves.set(name, content.trim())
    open = ''
  })
  try {
    parser.write(text).close()
  } catch {
    return new Map()
  }
  return leaves
}
