const LITERALS_AND_COMMENTS = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|--[^\n]*|\/\*.*?\*\//gs
const READS = /^\s*(?:select|show|describe|explain|with)\b/i

/**
 * Why a statement of some SQL is not sent; undefined for one that reads. Who writes sli.yaml asks with the operator's credentials: what is
 * no question, or more than one, is not for them.
 */
export function whyNotReading(text: string): string | undefined {
  const bare = text.replaceAll(LITERALS_AND_COMMENTS, ' ').trim()
  if (!READS.test(bare)) return 'a query begins with SELECT, and reads'
  if (/;\s*\S/.test(bare)) return 'a query is one statement; there are several'
  return /\binto\b/i.test(bare) ? 'a query reads; INTO would write' : undefined
}
