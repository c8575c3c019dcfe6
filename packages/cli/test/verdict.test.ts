import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Run } from '@tiphys/contract/http/native-run.ts'
import { exitCodeOf, judge, runsInScope } from '../src/wait/verdict.ts'
import { run, timelineOf } from './fake-project.ts'

const done = (stage: string, result: string, status = 'succeeded') =>
  run({ stage, to: 9, result, status, tasks: [{ name: 'test', from: 0, to: 8, result, status }] })

test('the worst on the way is the verdict: pass, warning, no verdict, fail', () => {
  const pass = done('a', 'pass')
  const warning = done('b', 'warning')
  const none = done('c', 'fail', 'errored')
  const aborted = done('d', 'fail', 'aborted')
  const fail = done('e', 'fail')
  const cases: [readonly Run[], string][] = [
    [[pass], 'pass'],
    [[pass, warning], 'warning'],
    [[warning, none, pass], 'none'],
    [[warning, aborted], 'none'],
    [[none, fail, pass], 'fail'],
    [[], 'none'],
  ]
  for (const [runs, verdict] of cases) assert.equal(judge(runs).verdict, verdict)
})

test('a task that only warned counts although the run ended with pass', () => {
  const runs = [
    run({
      stage: 'staging',
      to: 9,
      tasks: [
        { name: 'evaluation', from: 0, to: 5, result: 'warning', message: 'slower' },
        { name: 'release', from: 5, to: 8 },
      ],
    }),
  ]
  const { verdict, task, message } = judge(runs)
  assert.deepEqual([verdict, task?.name, message], ['warning', 'evaluation', 'slower'])
})

test('the first of the worst is named, and the task before the end of its run', () => {
  const { run: decisive, task } = judge([done('a', 'pass'), done('b', 'fail'), done('c', 'fail')])
  assert.deepEqual([decisive?.stage, task?.name], ['b', 'test'])
})

test('more runs never make a verdict better', () => {
  const order = ['pass', 'warning', 'none', 'fail']
  const badness = (runs: readonly Run[]) => order.indexOf(judge(runs).verdict)
  const all = ['pass', 'warning', 'fail'].flatMap((result) =>
    ['succeeded', 'errored', 'aborted'].map((status) => done('x', result, status)),
  )
  for (const left of all) {
    for (const right of all) {
      assert.equal(badness([left, right]), Math.max(badness([left]), badness([right])))
    }
  }
})

test('exit codes: a warning is a fail only where that was asked for', () => {
  const codes = (failOn: 'fail' | 'warning') =>
    (['pass', 'warning', 'fail', 'none'] as const).map((verdict) => exitCodeOf(verdict, failOn))
  assert.deepEqual(codes('fail'), [0, 0, 1, 3])
  assert.deepEqual(codes('warning'), [0, 1, 1, 3])
})

test('--wait=sequence looks at the run that was triggered, not at what it triggered', () => {
  const first = done('staging', 'pass')
  const child = { ...done('production', 'fail'), parent: first.id }
  const timeline = timelineOf([first, child])
  const target = { stage: 'staging', service: 'carts', sequence: 'delivery' }
  assert.deepEqual(runsInScope(timeline, 'sequence', target), [first])
  assert.deepEqual(runsInScope(timeline, 'context', target), [first, child])
  assert.deepEqual(runsInScope(timeline, 'sequence', { ...target, stage: 'production' }), [])
})
