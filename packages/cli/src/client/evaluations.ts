import {
  EvaluationPage,
  type StoredEvaluation,
  StoredEvaluation as StoredEvaluationBody,
} from '@tiphys/contract/http/native-evaluation.ts'
import type { HttpClient } from './http-client.ts'
import { allPages } from './pages.ts'

const EVALUATIONS = '/api/tiphys/v1/evaluations'
const PAGE_SIZE = 50

/** @param triggeredId the id of the `evaluation.triggered` event. */
export function readEvaluation(client: HttpClient, triggeredId: string): Promise<StoredEvaluation> {
  return client.request({
    method: 'GET',
    path: `${EVALUATIONS}/${encodeURIComponent(triggeredId)}`,
    schema: StoredEvaluationBody,
  })
}

/** Newest first. */
export async function listEvaluations(
  client: HttpClient,
  filter: { readonly project: string; readonly stage?: string; readonly service?: string },
  limit: number,
): Promise<StoredEvaluation[]> {
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

/** The report's own sentence, where one was stored with the evaluation. */
export function sentenceOf(evaluation: StoredEvaluation): string | undefined {
  const sentence = evaluation.explanation?.['sentence']
  return typeof sentence === 'string' ? sentence : undefined
}
