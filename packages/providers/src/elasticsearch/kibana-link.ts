import type { SliRequest } from '../sli/sli-provider.ts'
import { isBody } from './elasticsearch-options.ts'

/**
 * Discover, with the window, and with the query where it is one that a person could have typed there. It looks into the space's usual
 * data view, since an address cannot name one by its indices.
 */
export function kibanaLink(
  kibana: string | undefined,
  language: 'search' | 'esql' | 'sql',
  query: string,
  { window }: SliRequest,
): string | undefined {
  if (kibana === undefined) return undefined
  const base = new URL(kibana)
  base.username = ''
  base.password = ''
  const at = (ms: number) => risonText(new Date(ms).toISOString())
  const time = `(time:(from:${at(window.startMs)},to:${at(window.endMs)}))`
  const state = stateOf(language, query.trim())
  const address = `${base.href.replace(/\/+$/, '')}/app/discover#/?_g=${encodeURIComponent(time)}`
  return state === undefined ? address : `${address}&_a=${encodeURIComponent(state)}`
}

function stateOf(language: 'search' | 'esql' | 'sql', query: string): string | undefined {
  if (language === 'esql') return `(dataSource:(type:esql),query:(esql:${risonText(query)}))`
  if (language === 'sql' || isBody(query)) return undefined
  return `(query:(language:lucene,query:${risonText(query)}))`
}

/** Rison is what Kibana keeps its state in: JSON that suits an address, with `!` for what is special. */
function risonText(text: string): string {
  return `'${text.replaceAll(/['!]/g, (special) => `!${special}`)}'`
}
