import { strict as assert } from 'node:assert'
import { checkCorrections } from './checkers/correction-checks.ts'
import { checkDeadlines } from './checkers/deadline-checks.ts'
import { checkEffects } from './checkers/effect-checks.ts'
import { checkFreezes } from './checkers/freeze-checks.ts'
import { checkInbox } from './checkers/inbox-checks.ts'
import { checkIntake } from './checkers/intake-checks.ts'
import { checkLanes } from './checkers/lane-checks.ts'
import { checkPauses, checkReplay, checkStreams, checkWaiting } from './checkers/log-checks.ts'
import { checkQuestions } from './checkers/question-checks.ts'
import { checkTasks } from './checkers/task-checks.ts'
import { checkTriggers } from './checkers/trigger-checks.ts'
import type { Story } from './story.ts'

const CHECKS = [
  checkStreams,
  checkIntake,
  checkLanes,
  checkInbox,
  checkTasks,
  checkTriggers,
  checkPauses,
  checkFreezes,
  checkDeadlines,
  checkEffects,
  checkQuestions,
  checkCorrections,
  checkReplay,
  checkWaiting,
]

/** What must hold of every story, whatever went wrong in it. Throws with the first that does not. */
export function checkStory(story: Story): void {
  for (const check of CHECKS) check(story)
  assert.deepEqual(story.complaints, [], 'nothing was wrong while the story went on')
}

/** Stories in which nothing is taken keep every rule and say nothing: on average one writes about a hundred rows. */
export function checkThatMuchHappened(rows: number, stories: number): void {
  const fewest = 30 * stories
  assert.ok(
    rows >= fewest,
    `${stories} stories wrote ${rows} rows, and ought to write ${fewest} at least`,
  )
}
