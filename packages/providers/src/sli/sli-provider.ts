import type { QueryScope } from '@tiphys/core/evaluation/query-scope.ts'
import type { SliValue } from '@tiphys/core/evaluation/sli-value.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'

/**
 * A source of SLI values. After `fetchValue` resolves there is either a finite number, or a value with `success: false`, a sentence in `message`
 * and the reason in `detail.problem`: a provider that cannot be reached is an answer too, so that the other indicators are
 * still asked and the report can say which ones failed and why. It throws only when `signal` aborts, and for bugs.
 */
export interface SliProvider {
  /** Of the connection: the folder of its sli.yaml. */
  readonly name: string
  fetchValue(request: SliRequest): Promise<SliValue>
}

export type SliRequest = {
  readonly indicator: string
  /** From sli.yaml; undefined where the file names none, so that built-in indicators can step in. Its `query` is not empty. */
  readonly query: SliQuery | undefined
  readonly window: { readonly startMs: number; readonly endMs: number }
  readonly scope: QueryScope
  readonly signal?: AbortSignal
}
