import { strict as assert } from 'node:assert'
import type { Story } from '../story.ts'
import { runsOf } from './log-of-story.ts'

/** An effect happens once in the life of a process, and never again once its note is on disk. */
export function checkEffects(story: Story): void {
  if (story.swarm.faults.has('two-owners')) return
  const byTask = Map.groupBy(story.effects, ({ triggeredId }) => triggeredId)
  for (const [triggeredId, effects] of byTask) {
    const processes = new Set(effects.map((effect) => effect.process))
    assert.equal(
      processes.size,
      effects.length,
      `${triggeredId} happens once in the life of a process`,
    )
    const noted = effects.findIndex(({ isNoted }) => isNoted)
    const isLast = noted === -1 || noted === effects.length - 1
    assert.ok(isLast, `${triggeredId} happens again although its note was on disk`)
  }
  // The last kill is everybody's; what a disk refused before it, or a process that was away, is done again after it.
  if (story.crashes <= 1 && story.excusedMs === 0) {
    assert.ok(
      [...byTask.values()].every(({ length }) => length === 1),
      'nothing repeats without a crash',
    )
  }
  builtInTasksAreCarriedOut(story)
}

/** Our executors need minutes and have hours: one that is not begun again after a restart would miss its deadline. */
function builtInTasksAreCarriedOut(story: Story): void {
  if (story.swarm.faults.has('bad-executor') || story.excusedMs > 0) return
  for (const run of runsOf(story.rows)) {
    for (const { meta } of run.rows) {
      if (meta.k !== 'expired') continue
      const task = run.start.plan.tasks[meta.i]
      const isOurs = task?.carrier === 'tiphys' && task.name !== 'approval'
      assert.ok(!isOurs, `${run.stream}: our executor never finished ${task?.name}`)
    }
  }
}
