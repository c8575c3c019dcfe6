import type { Result } from '@tiphys/contract/event.ts'
import type { PreviousEvaluation, Unfit } from '@tiphys/core/evaluation/baseline.ts'
import { selectBaseline } from '@tiphys/core/evaluation/baseline-selection.ts'
import type { SloComparison } from '@tiphys/core/slo/slo.ts'
import type { Projections } from '../ports/projections.ts'
import { EVALUATIONS, type EvaluationDocument, evaluationKey } from './evaluations.ts'
import { findReference, type ReferenceDocument } from './references.ts'
import { RUNS } from './runs.ts'
import type { RunDocument } from './runs-document.ts'

type Place = { readonly projectId: string; readonly stage: string; readonly service: string }

export type HistoryQuery = Place & {
  readonly comparison: SloComparison
  /** Of the run that is compared. */
  readonly labels: Readonly<Record<string, string>>
  /** Only what was evaluated before this position. */
  readonly beforePosition?: number
}

/** How many documents of a page are looked at together. */
const PAGE = 50
/** Whoever compares with something older than so many evaluations pins it. */
const MAX_LOOKED_AT = 1_000

/**
 * What an evaluation is compared with, and what it could have been compared with, newest first: all evaluations of its place, each
 * with why it does not count if it does not, until slo.yaml has enough of them. The pinned reference is among them, however old it is.
 */
export async function evaluationHistory(
  projections: Projections,
  query: HistoryQuery,
): Promise<readonly PreviousEvaluation[]> {
  const { comparison, labels, beforePosition = Number.POSITIVE_INFINITY } = query
  await projections.catchUp()
  const reference = await referenceBefore(projections, query, beforePosition)
  const found: PreviousEvaluation[] = []
  const whole = () =>
    reference === undefined || found.some(({ id }) => id === reference.id)
      ? found
      : [...found, reference]
  for (let offset = 0; offset < MAX_LOOKED_AT; offset += PAGE) {
    const page = await pageOf(projections, query, offset)
    for (const one of page) {
      const isReference = reference?.id === one.eventId
      found.push(isReference ? reference : previousOf(one, await unfitness(projections, one)))
    }
    if (page.length < PAGE || selectBaseline(whole(), comparison, labels).isFull) break
  }
  return whole()
}

async function pageOf(
  projections: Projections,
  { projectId, stage, service, beforePosition }: Place & { readonly beforePosition?: number },
  offset: number,
): Promise<readonly EvaluationDocument[]> {
  const before = beforePosition === undefined ? {} : { beforeSort: beforePosition }
  const place = { projectId, stage, service }
  const query = { ...place, ...before, offset, limit: PAGE }
  const { documents } = await projections.list(EVALUATIONS, query)
  // Documents of this projection were made by its fold.
  return documents as unknown as EvaluationDocument[]
}

/** The pinned one, with its values; without them when it was deleted. Undefined also when it is not older. */
async function referenceBefore(
  projections: Projections,
  place: Place,
  beforePosition: number,
): Promise<PreviousEvaluation | undefined> {
  const reference = await findReference(projections, place)
  if (reference === undefined) return undefined
  const pinned = { by: whoOf(reference), reason: reference.reason }
  const one = await evaluationOf(projections, reference)
  if (one === undefined) {
    const { triggeredId, eventId } = reference
    const unfit = { code: 'deleted' } as const
    return { id: eventId, triggeredId, result: '', pinned, unfit, values: [] }
  }
  if (one.position >= beforePosition) return undefined
  return { ...previousOf(one, await unfitness(projections, one)), pinned }
}

async function evaluationOf(
  projections: Projections,
  { projectId, triggeredId }: ReferenceDocument,
): Promise<EvaluationDocument | undefined> {
  const document = await projections.get(EVALUATIONS, evaluationKey(projectId, triggeredId))
  return document as unknown as EvaluationDocument | undefined
}

/** Why it may not be compared with, whatever slo.yaml says (facts/keptn-v1.md 3.3, behaviour.md 10). */
export async function unfitness(
  projections: Pick<Projections, 'get'>,
  one: EvaluationDocument,
): Promise<Unfit | undefined> {
  const { invalidated, evaluation, trusted, by } = one
  if (invalidated !== undefined) {
    return { code: 'invalidated', by: whoOf(invalidated), reason: invalidated.reason }
  }
  if (evaluation === undefined) return { code: 'without-values' }
  if (trusted || (await isByConfiguredEvaluator(projections, one))) return undefined
  return { code: 'untrusted', by }
}

/** A token is known; the person is whom its holder names. */
export function whoOf({ by, person }: { readonly by: string; readonly person?: string }): string {
  return person === undefined ? by : `${person} (token ${by})`
}

export function previousOf(one: EvaluationDocument, unfit: Unfit | undefined): PreviousEvaluation {
  const { eventId, triggeredId, context, timeMs, result, labels, version, evaluation } = one
  return {
    id: eventId,
    triggeredId,
    context,
    timeMs,
    result,
    ...(labels === undefined ? {} : { labels }),
    ...(version === undefined ? {} : { version }),
    ...(unfit === undefined ? {} : { unfit }),
    values: (evaluation?.indicatorResults ?? []).flatMap(({ value }) => value ?? []),
  }
}

export type BaselineQuery = Place & {
  /** Absent: every result. */
  readonly results?: readonly Result[]
  readonly limit: number
}

/** Evaluations that may be compared with, newest first, before slo.yaml has its say. */
export async function baselineEvaluations(
  projections: Projections,
  query: BaselineQuery,
): Promise<readonly EvaluationDocument[]> {
  const { projectId, stage, service, results, limit } = query
  await projections.catchUp()
  const found: EvaluationDocument[] = []
  for (let offset = 0; found.length < limit; offset += PAGE) {
    const page = await pageOf(projections, { projectId, stage, service }, offset)
    for (const one of page) {
      if (results !== undefined && !results.includes(one.result)) continue
      if ((await unfitness(projections, one)) === undefined) found.push(one)
    }
    if (page.length < PAGE) break
  }
  return found.slice(0, limit)
}

/** The shipyard left the task to somebody else (`executor: external`), and this is that answer. */
async function isByConfiguredEvaluator(
  projections: Pick<Projections, 'get'>,
  evaluation: EvaluationDocument,
): Promise<boolean> {
  const key = `${evaluation.projectId}/${evaluation.runId}`
  const run = (await projections.get(RUNS, key)) as unknown as RunDocument | undefined
  return run?.carriers[evaluation.taskIndex] === 'external'
}
