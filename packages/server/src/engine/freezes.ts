import type { Freeze as FreezeEntry } from '@tiphys/contract/freeze.ts'
import { FROZEN_TASKS } from '@tiphys/contract/freeze.ts'
import type { ProjectYaml } from '@tiphys/contract/project-yaml.ts'
import type { Freeze, FreezeLookup } from '@tiphys/core/sequence/decide-run.ts'
import { freezeWindow } from '@tiphys/providers/freeze/freeze-window.ts'

const MS_PER_MINUTE = 60_000

/**
 * Which freezes hold, by the newest configuration of a project: a freeze that was declared after a run began holds it all the same, and
 * one that was taken back lets it go.
 */
export type Freezes = {
  /** `undefined` for a project without freezes: nothing is looked up. */
  lookup(
    settings: ProjectYaml,
    place: { readonly stage: string; readonly service: string },
    nowMs: number,
  ): FreezeLookup | undefined
}

type Kept = {
  readonly fromMs: number
  readonly untilMs: number
  readonly active: readonly Active[]
}
type Active = { readonly entry: FreezeEntry; readonly freeze: Freeze }

export function createFreezes(): Freezes {
  /** Cron is asked once a minute and project, not for every run in it; a freeze that begins or ends within the minute cuts it short. */
  const kept = new WeakMap<ProjectYaml, Kept>()

  function activeIn(settings: ProjectYaml, nowMs: number): readonly Active[] {
    const known = kept.get(settings)
    if (known !== undefined && known.fromMs <= nowMs && nowMs < known.untilMs) return known.active
    const active = (settings.freezes ?? []).flatMap((entry) => {
      const window = freezeWindow(entry, nowMs)
      if (window === undefined) return []
      const { name, reason } = entry
      const freeze = { name, untilMs: window.untilMs, ...(reason === undefined ? {} : { reason }) }
      return [{ entry, freeze }]
    })
    const edges = [
      ...active.map(({ freeze }) => freeze.untilMs),
      ...(settings.freezes ?? []).map(({ from }) => Date.parse(from ?? '')),
    ].filter((edgeMs) => edgeMs > nowMs)
    const minuteEndMs = (Math.floor(nowMs / MS_PER_MINUTE) + 1) * MS_PER_MINUTE
    kept.set(settings, { fromMs: nowMs, untilMs: Math.min(minuteEndMs, ...edges), active })
    return active
  }

  return {
    lookup(settings, { stage, service }, nowMs) {
      if (settings.freezes === undefined) return undefined
      const here = activeIn(settings, nowMs).filter(
        ({ entry }) =>
          (entry.stages?.includes(stage) ?? true) && (entry.services?.includes(service) ?? true),
      )
      if (here.length === 0) return undefined
      return (task) =>
        here
          .filter(({ entry }) => (entry.tasks ?? FROZEN_TASKS).includes(task))
          .map(({ freeze }) => freeze)
          .reduce((longest: Freeze | undefined, one) => longer(longest, one), undefined)
    },
  }
}

function longer(left: Freeze | undefined, right: Freeze): Freeze {
  return left !== undefined && left.untilMs >= right.untilMs ? left : right
}
