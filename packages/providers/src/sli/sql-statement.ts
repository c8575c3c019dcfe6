import { type QueryLanguage, withoutLiterals } from '@tiphys/core/evaluation/query-language.ts'

const READS = /^\s*(?:select|show|describe|explain|with)\b/i

/**
 * Why a statement of some SQL is not sent; undefined for one that reads. Who writes sli.yaml asks with the operator's credentials: what is
 * no question, or more than one, is not for them.
 */
export function whyNotReading(text: string, language: QueryLanguage): string | undefined {
  const words = withoutLiterals(text, language)
  if (!READS.test(words)) return 'a query begins with SELECT, and reads'
  if (/;\s*\S/.test(words)) return 'a query is one statement; there are several'
  return /\binto\b/i.test(words) ? 'a query reads; INTO would write' : undefined
}
