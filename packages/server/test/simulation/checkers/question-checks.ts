import { strict as assert } from 'node:assert'
import type { Story } from '../story.ts'
import { type RunLog, runsOf } from './log-of-story.ts'

const NO_ANSWER_MS = 10 * 60 * 1000

/** What a task asked others, as this checker counts it from the rows alone. */
type Asked = {
  readonly task: string
  readonly askedMs: number
  started: number
  finished: number
  isOver: boolean
}

/** Nobody is asked twice, nothing is taken for an answer before the question or after its end, and no task goes on without its answers. */
export function checkQuestions(story: Story): void {
  for (const run of runsOf(story.rows)) follow(story, run)
}

function follow(story: Story, run: RunLog): void {
  const open = new Set<string>()
  const asked = new Map<string, Asked>()
  for (const { row, meta } of run.rows) {
    const { event, timeMs } = row
    if (meta.k === 'task') open.add(`${meta.i}/${meta.a}`)
    if (meta.k === 'asked') {
      const task = `${meta.i}/${meta.a}`
      const key = `${task}/${meta.q}`
      assert.ok(open.has(task), `${run.stream} asks ${key} for a task that is open`)
      assert.ok(!asked.has(key), `${run.stream} asks ${key} once`)
      asked.set(key, { task, askedMs: timeMs, started: 0, finished: 0, isOver: false })
    }
    if (meta.k === 'told' || meta.k === 'unanswered') {
      const key = `${meta.i}/${meta.a}/${meta.q}`
      const question = asked.get(key)
      assert.ok(question !== undefined, `${run.stream}: ${event.type} answers what was asked`)
      assert.ok(open.has(question.task), `${run.stream}: ${event.type} comes to an open task`)
      assert.ok(!question.isOver, `${run.stream}: ${event.type} comes to an open question`)
      if (meta.k === 'unanswered') {
        question.isOver = true
        const early = timeMs - question.askedMs < NO_ANSWER_MS
        assert.ok(!early || story.wasSetBack, `${run.stream} gives ${key} up early`)
      } else if (meta.action === 'started') question.started++
      else if (meta.action === 'finished') {
        question.finished++
        question.isOver = question.finished >= Math.max(1, question.started)
      }
    }
    if (meta.k === 'finished' && meta.by === 'tiphys') {
      const task = `${meta.i}/${meta.a}`
      const waiting = [...asked.values()].some((one) => one.task === task && !one.isOver)
      const isBug = String(event.data['message']).includes('failed unexpectedly')
      assert.ok(!waiting || isBug, `${run.stream}: ${event.type} comes after its answers`)
      open.delete(task)
    }
    if (meta.k === 'expired') open.delete(`${meta.i}/${meta.a}`)
  }
}
