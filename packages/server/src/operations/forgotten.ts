import { FACT_PREFIX } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Projection } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import type { EvaluationDocument } from '../projections/evaluations.ts'
import type { LastEvent } from '../projections/services.ts'

/**
 * What the log says of rows that left it. A list that folded them before, and one that is folded from what is left, must come to the same:
 * so the record names the documents that went with the rows, and carries on the facts that outlive them.
 */
export const FORGOTTEN = `${FACT_PREFIX}forgotten`

export function forgottenStream(projectId: string): string {
  return `forgotten/${projectId}`
}

export type ForgottenRecord = {
  readonly reason: 'retention' | 'request'
  readonly by: string
  readonly context?: string
  /** By the name of the projection: keys of documents that are gone. */
  readonly documents: { readonly [projection: string]: readonly string[] }
  readonly services: readonly CarriedFact[]
  /** Evaluations that stay and were taken back by an event that is gone. */
  readonly invalidated: readonly CarriedInvalidation[]
}

export type CarriedInvalidation = {
  /** Of its document. */
  readonly key: string
  readonly invalidated: NonNullable<EvaluationDocument['invalidated']>
}

/** What happened last to a service in a stage, as far as a deleted row said it. */
export type CarriedFact = {
  readonly projectId: string
  readonly stage: string
  readonly service: string
  readonly lastEventTypes: { readonly [type: string]: LastEvent }
  readonly deployedImage?: string
  readonly deployedPosition?: number
  /** Deployments that are under way no more. */
  readonly deploying: readonly string[]
}

export function isForgetting(row: StoredEvent): boolean {
  return row.event.type === FORGOTTEN && row.stream.startsWith('forgotten/')
}

/** The log's own rows, written by `forgetUnit`. */
export function forgottenRecord(row: StoredEvent): ForgottenRecord {
  return row.event.data as unknown as ForgottenRecord
}

export function carriedFacts(row: StoredEvent): readonly CarriedFact[] {
  return forgottenRecord(row).services
}

/** The projection, whose documents go when the log says that their rows went. */
export function withoutForgotten(projection: Projection): Projection {
  const goneKeys = (row: StoredEvent) => forgottenRecord(row).documents[projection.name] ?? []
  return {
    ...projection,
    keysOf: (row) =>
      isForgetting(row) ? [...goneKeys(row), ...projection.keysOf(row)] : projection.keysOf(row),
    fold: (document, row, key): JsonObject | undefined => {
      if (!isForgetting(row)) return projection.fold(document, row, key)
      return goneKeys(row).includes(key) ? undefined : projection.fold(document, row, key)
    },
  }
}
