import type { StoredEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { readExplanation } from '@tiphys/providers/evaluation/stored-report.ts'
import type { HttpClient } from '../client/http-client.ts'
import { readReport } from '../client/reports.ts'
import { reportTextOptions } from '../output/report-text.ts'
import type { Terminal } from '../output/terminal.ts'

export type ReportForm = 'text' | 'markdown' | 'html'

/**
 * A stored report in the form a person asked for. What is passed on is the server's own, since only it knows the addresses that go into it; a
 * server of an earlier version has none, and for the terminal that matters to nobody.
 */
export async function storedReport(
  client: HttpClient,
  evaluation: StoredEvaluation,
  form: ReportForm,
  terminal: Terminal,
): Promise<string> {
  const explanation = readExplanation(evaluation.explanation)
  if (explanation === undefined) {
    return `${evaluation.result}: ${evaluation.message || 'no report was stored with this evaluation'}`
  }
  if (form === 'text') return renderText(explanation, reportTextOptions(terminal))
  const told = await readReport(client, evaluation.triggeredId, form)
  if (told !== undefined) return told
  return form === 'markdown' ? renderMarkdown(explanation) : renderHtml(explanation)
}
