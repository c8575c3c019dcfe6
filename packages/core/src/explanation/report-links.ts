import type { ExplainedRun } from './explanation.ts'
import { webLink } from './web-link.ts'

/** Where a report's own server shows evaluations. Given to renderers, never stored: a server may move. */
export type ReportLinks = {
  /** This report. */
  readonly self?: string
  /** An earlier evaluation; undefined where it cannot be linked to. */
  run(run: Pick<ExplainedRun, 'id' | 'triggeredId'>): string | undefined
}

const EVALUATIONS = '/api/tiphys/v1/evaluations'

/** Where the API shows the report of an evaluation. `triggeredId`: of its `evaluation.triggered` event. */
export function reportPath(triggeredId: string): string {
  return `${EVALUATIONS}/${encodeURIComponent(triggeredId.toWellFormed())}/report`
}

/** `publicUrl`: how people reach the server, with or without a slash at its end. `triggeredId`: of this evaluation. */
export function reportLinks(publicUrl: string, triggeredId: string | undefined): ReportLinks {
  const base = publicUrl.replace(/\/+$/, '')
  const linkTo = (id: string) => webLink(`${base}${reportPath(id)}?format=html`)
  const self = triggeredId === undefined ? undefined : linkTo(triggeredId)
  return {
    ...(self !== undefined && { self }),
    run: (run) => (run.triggeredId === null ? undefined : linkTo(run.triggeredId)),
  }
}
