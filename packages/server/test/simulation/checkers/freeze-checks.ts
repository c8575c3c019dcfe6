import { strict as assert } from 'node:assert'
import type { Story } from '../story.ts'
import { runsOf } from './log-of-story.ts'

/** No deployment begins in a freeze, unless somebody let the run go on (docs/sequences.md). Freezes hold by the newest file, not the pinned one. */
export function checkFreezes(story: Story): void {
  // Another owner may hold an older file, and of a clock that was set back nobody can say what was first.
  if (story.swarm.faults.has('two-owners') || story.wasSetBack) return
  for (const run of runsOf(story.rows)) {
    let isLetGo = false
    for (const { row, meta } of run.rows) {
      if (meta.k === 'unfrozen') isLetGo = true
      if (meta.k !== 'task' || row.event.type !== 'sh.keptn.event.deployment.triggered') continue
      const known = story.freezes.findLast(({ fromMs }) => fromMs < row.timeMs)
      const isChanging = story.freezes.some(({ fromMs }) => fromMs === row.timeMs)
      const holding = (known?.freezes ?? []).filter(
        ({ stages, from, to }) =>
          stages.includes(run.start.plan.stage) &&
          Date.parse(from) <= row.timeMs &&
          row.timeMs < Date.parse(to),
      )
      const names = holding.map(({ name }) => name).join(', ')
      assert.ok(isLetGo || isChanging || names === '', `${run.stream} deploys in ${names}`)
    }
  }
}
