import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { type ReportLinks, reportLinks } from '@tiphys/core/explanation/report-links.ts'
import { REPORT_POLICY } from '@tiphys/core/explanation/report-style.ts'
import { readExplanation } from '@tiphys/providers/evaluation/stored-report.ts'
import { z } from 'zod'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import type { EvaluationDocument } from '../../projections/evaluations.ts'
import { ok, refuse, type Success } from '../answer.ts'
import { findEvaluation } from '../evaluation-lookup.ts'
import type { ServerFacts } from '../parts.ts'
import type { AddRoute } from '../route.ts'
import { toldBy } from './evaluations.ts'

type Parts = {
  readonly projections: Projections
  readonly store: Store
  readonly server: Pick<ServerFacts, 'publicUrl'>
}

const FORMATS = ['json', 'text', 'markdown', 'html'] as const
type Format = (typeof FORMATS)[number]

const Query = z.object({ format: z.enum(FORMATS).optional() })

/** The report of one evaluation, in the form that `format` names, else the one that the client likes best, else JSON. */
export function addEvaluationReportRoute(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/evaluations/:triggeredId/report',
    summary: 'Why an evaluation ended as it did: JSON, text, Markdown or HTML',
    query: Query,
    success: z.any().describe('application/json, text/plain, text/markdown or text/html'),
    async handle({ params, query, actor, raw }) {
      const { triggeredId } = params
      const found = await findEvaluation(parts, triggeredId, actor)
      if (!found.ok) return found
      const { explanation } = await toldBy(parts.store, found.evaluation)
      const report = readExplanation(explanation)
      if (report === undefined) {
        return refuse('not-found', `no report is stored with the evaluation ${triggeredId}`)
      }
      const { publicUrl } = parts.server
      const links = publicUrl === undefined ? undefined : reportLinks(publicUrl, triggeredId)
      const format = query.format ?? preferredFormat(raw.headers.accept)
      return inForm(format, ofToday(report, found.evaluation), links)
    },
  })
}

/** What happened to the evaluation since its report was stored. */
function ofToday(report: Explanation, { invalidated }: EvaluationDocument): Explanation {
  if (invalidated === undefined) return report
  const { by, person, reason } = invalidated
  const why = reason ? `: ${reason}` : ''
  const note = `taken back by ${person ?? by}${why}; nothing is compared with it any more`
  return { ...report, notes: [note, ...report.notes] }
}

function inForm(
  format: Format,
  report: Explanation,
  links: ReportLinks | undefined,
): Success<unknown> {
  const options = links === undefined ? {} : { links }
  const vary = { vary: 'accept' }
  switch (format) {
    case 'json':
      return ok<unknown>(report, vary)
    case 'text':
      return ok<unknown>(renderText(report, options), {
        ...vary,
        'content-type': 'text/plain; charset=utf-8',
      })
    case 'markdown':
      return ok<unknown>(renderMarkdown(report, options), {
        ...vary,
        'content-type': 'text/markdown; charset=utf-8',
      })
    case 'html':
      return ok<unknown>(renderHtml(report, options), {
        ...vary,
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': `${REPORT_POLICY}; frame-ancestors 'none'`,
      })
  }
}

const MEDIA_TYPES: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/plain': 'text',
  'text/markdown': 'markdown',
  'text/html': 'html',
}

/** By quality, then by the order in which the client names them (RFC 9110, 12.5.1). What it names and nobody has counts for nothing. */
export function preferredFormat(accept: string | undefined): Format {
  let best: { readonly format: Format; readonly quality: number } | undefined
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const format = Object.hasOwn(MEDIA_TYPES, type) ? MEDIA_TYPES[type] : undefined
    const quality = Number(parameters.find((one) => one.startsWith('q='))?.slice('q='.length) ?? 1)
    if (format === undefined || !(quality > 0)) continue
    if (best === undefined || quality > best.quality) best = { format, quality }
  }
  return best?.format ?? 'json'
}
