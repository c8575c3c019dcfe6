/** A commit elsewhere that a configuration commit was made for, as Argo CD reads it from trailers. */
export type CommitReference = {
  commit: {
    sha?: string
    repoUrl?: string
    author?: string
    date?: string
    subject?: string
    body?: string
  }
}

const TRAILER = /^Argocd-reference-commit-(\w+):\s*(.*)$/i

const FIELD: Record<string, keyof CommitReference['commit']> = {
  sha: 'sha',
  repourl: 'repoUrl',
  author: 'author',
  date: 'date',
  subject: 'subject',
  body: 'body',
}

/** Reads the `Argocd-reference-commit-*` trailers in the last paragraph of a commit message. */
export function commitReferences(message: string): CommitReference[] {
  const lastParagraph =
    message
      .trimEnd()
      .split(/\n\s*\n/)
      .at(-1) ?? ''
  const commit: CommitReference['commit'] = {}
  for (const line of lastParagraph.split('\n')) {
    const [, name = '', value = ''] = line.match(TRAILER) ?? []
    const field = FIELD[name.toLowerCase()]
    if (field !== undefined) commit[field] = field === 'body' ? unquoted(value) : value
  }
  return Object.keys(commit).length === 0 ? [] : [{ commit }]
}

/** The body is a JSON string in the trailer, because trailers have one line. */
function unquoted(value: string): string {
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'string' ? parsed : value
  } catch {
    return value
  }
}
