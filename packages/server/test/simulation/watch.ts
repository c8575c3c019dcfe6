import type { World } from './world.ts'

/** A disk that refused is asked again after a second, and then what waits behind it. */
const TRIED_AGAIN_MS = 2_000

/**
 * What must hold at every moment at which nothing is under way, while somebody listens and the disk works: every open run can say what it
 * waits for, nothing is overdue, and nobody works on what is over.
 */
export function complainAboutNow(world: World): void {
  const server = world.server()
  if (server === undefined || !world.isUp() || world.areTwo()) return
  const { engine, projects } = server
  const nowMs = world.clock.nowMs()
  const silent: string[] = []
  for (const { projectId } of projects.list()) {
    for (const run of engine.openRunsOf(projectId)) {
      const reasons = engine.why(projectId, run.context).filter(({ runId }) => runId === run.runId)
      if (reasons.length === 0) silent.push(run.runId)
      if (reasons.length === 0 && world.isSilentForLong(run.runId)) {
        world.complain(`open run ${run.runId} (${run.plan.sequence}) cannot say what it waits for`)
      }
      for (const { message, untilMs } of reasons) {
        if (untilMs !== undefined && untilMs + TRIED_AGAIN_MS <= nowMs) {
          world.complain(`overdue by ${nowMs - untilMs} ms in run ${run.runId}: ${message}`)
        }
      }
    }
  }
  world.onlyTheseAreSilent(silent)
  for (const { runId, triggeredId, task, process } of world.atWork) {
    const isOpen = engine.openRun(runId)?.open.some(({ event }) => event.id === triggeredId)
    if (process === server.number && !isOpen) {
      world.complain(`an executor is still at work on ${task} ${triggeredId}, which is over`)
    }
  }
}
