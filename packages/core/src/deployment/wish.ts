/** What a deployment task wants to be true of one application, and how patient it is. Plain data, fixed at its commit. */
export type DeploymentWish = {
  readonly runId: string
  /** Id of the task's `.triggered` event: tells apart two deployments of one run. */
  readonly triggeredId: string
  /** One per source of the application; '' where any revision will do. */
  readonly revisions: readonly string[]
  /** The run made the commit itself, so whatever operation contains it came later. False: the values stood there already. */
  readonly isNew: boolean
  /** Who starts the operation: we, or Argo CD by its auto-sync. */
  readonly syncBy: 'tiphys' | 'argocd'
  /** What runs when the wish is fulfilled (`carts:1.4`); decides only where Git cannot be asked. */
  readonly images: readonly string[]
  readonly patience: Patience
}

export type Patience = {
  /** How long the application must stay healthy before that is believed; third-party controllers react late. */
  readonly settleMs: number
  /** How long it may be degraded before that is believed; certificates and autoscalers flap. */
  readonly degradedGraceMs: number
  /** How long health or comparison may be unknown or in error. */
  readonly unknownGraceMs: number
  /** False for applications that always drift. */
  readonly requireSynced: boolean
}

const SECOND_MS = 1_000

export const DEFAULT_PATIENCE: Patience = {
  settleMs: 10 * SECOND_MS,
  degradedGraceMs: 60 * SECOND_MS,
  unknownGraceMs: 60 * SECOND_MS,
  requireSynced: true,
}

/**
 * How a revision that Argo CD shows stands to the one that was wished for (behaviour.md 7).
 * `satisfies`: equal, or contains it with nothing of the application changed since. `carries`: contains it and other changes to the
 * application, but what we set is still as we set it. `differs`: contains it, and something we set has another value.
 * `before`: does not contain it. `unknown`: Git cannot be asked.
 */
export type Standing = 'satisfies' | 'carries' | 'differs' | 'before' | 'unknown'

/** What Git answered about a revision: `relate`, and the fields as they are at that revision. */
export type StandingFacts = {
  readonly relation: 'equal' | 'contains' | 'precedes' | 'diverged' | 'unknown'
  readonly changesApplication: boolean
  readonly holdsValues: boolean
}

export function standingOf(facts: StandingFacts): Standing {
  switch (facts.relation) {
    case 'equal':
      return 'satisfies'
    case 'contains':
      if (!facts.holdsValues) return 'differs'
      return facts.changesApplication ? 'carries' : 'satisfies'
    case 'precedes':
      return 'before'
    case 'diverged':
      // History was rewritten, or another branch is deployed: the values alone tell.
      return facts.holdsValues ? 'carries' : 'before'
    case 'unknown':
      return 'unknown'
  }
}

/** The standing of a whole list of revisions: the worst of the sources that matter. */
export function standingOfAll(
  wished: readonly string[],
  found: readonly string[],
  standings: Readonly<Record<string, Standing>>,
): Standing {
  const each = wished.flatMap((revision, index): Standing[] => {
    if (revision === '') return []
    const other = found[index]
    if (other === undefined || other === '') return ['before']
    return [other === revision ? 'satisfies' : (standings[other] ?? 'unknown')]
  })
  const worst = (['differs', 'before', 'unknown', 'carries'] as const).find((one) =>
    each.includes(one),
  )
  return worst ?? 'satisfies'
}
