import type { QueryScope } from '@tiphys/core/evaluation/sli-query.ts'
import type { SliValue } from '@tiphys/core/evaluation/sli-value.ts'

/**
 * A source of SLI values. After `fetchValue` resolves there is either a finite number, or a value with `success: false`, a sentence in `message`
 * and the reason in `detail.problem`: a provider that cannot be reached is an answer too, so that the other indicators are
 * still asked and the report can say which ones failed and why. It throws only when `signal` aborts, and for bugs.
 */
export interface SliProvider {
  readonly name: string
  fetchValue(request: SliRequest): Promise<SliValue>
}

export type SliRequest = {
  readonly indicator: string
  /** From sli.yaml; undefined where the file names none, so that built-in indicators can step in. */
  readonly query: string | undefined
  readonly window: { readonly startMs: number; readonly endMs: number }
  readonly scope: QueryScope
  readonly signal?: AbortSignal
}
