import {
  type Correcting,
  EvaluationPage,
  type EvaluationReference,
  EvaluationReferencePage,
  ListedEvaluation,
  type StoredEvaluation,
  StoredEvaluation as StoredEvaluationBody,
  WhatIf,
  type WhatIfBody,
} from '@tiphys/contract/http/native-evaluation.ts'
import type { HttpClient } from './http-client.ts'
import { allPages } from './pages.ts'

const EVALUATIONS = '/api/tiphys/v1/evaluations'
const REFERENCES = '/api/tiphys/v1/references'
const PAGE_SIZE = 50

/** @param triggeredId the id of the `evaluation.triggered` event. */
export function readEvaluation(client: HttpClient, triggeredId: string): Promise<StoredEvaluation> {
  return client.request({
    method: 'GET',
    path: `${EVALUATIONS}/${encodeURIComponent(triggeredId)}`,
    schema: StoredEvaluationBody,
  })
}

type Place = { readonly project: string; readonly stage?: string; readonly service?: string }

/** Newest first, without their reports. */
export async function listEvaluations(
  client: HttpClient,
  filter: Place,
  limit: number,
): Promise<ListedEvaluation[]> {
  const pageSize = Math.min(limit, PAGE_SIZE)
  const found = await allPages(
    (nextPageKey) =>
      client.request({
        method: 'GET',
        path: EVALUATIONS,
        query: { ...filter, pageSize, nextPageKey },
        schema: EvaluationPage,
      }),
    (page) => page.evaluations,
    Math.ceil(limit / pageSize),
  )
  return found.slice(0, limit)
}

/** Takes it back, pins it, or undoes that; the evaluation as it is then. */
export function correctEvaluation(
  client: HttpClient,
  triggeredId: string,
  what: 'invalidation' | 'pin',
  { undo, ...why }: Correcting & { readonly undo: boolean },
): Promise<ListedEvaluation> {
  const path = `${EVALUATIONS}/${encodeURIComponent(triggeredId)}/${what}`
  return undo
    ? client.request({ method: 'DELETE', path, query: why, schema: ListedEvaluation })
    : client.request({ method: 'POST', path, body: why, schema: ListedEvaluation })
}

/** What another slo.yaml would have said; the server stores nothing of it. */
export function askWhatIf(
  client: HttpClient,
  triggeredId: string,
  body: WhatIfBody,
): Promise<WhatIf> {
  const path = `${EVALUATIONS}/${encodeURIComponent(triggeredId)}/what-if`
  return client.request({ method: 'POST', path, body, schema: WhatIf })
}

/** Pinned evaluations, the newest pin first. */
export function listReferences(client: HttpClient, filter: Place): Promise<EvaluationReference[]> {
  return allPages(
    (nextPageKey) =>
      client.request({
        method: 'GET',
        path: REFERENCES,
        query: { ...filter, pageSize: PAGE_SIZE, nextPageKey },
        schema: EvaluationReferencePage,
      }),
    (page) => page.references,
  )
}

/** The report's own sentence, where one was stored with the evaluation. */
export function sentenceOf(evaluation: StoredEvaluation): string | undefined {
  const sentence = evaluation.explanation?.['sentence']
  return typeof sentence === 'string' ? sentence : undefined
}
