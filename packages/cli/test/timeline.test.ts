import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from '../src/output/terminal.ts'
import { createPlainLines } from '../src/wait/plain-lines.ts'
import { timelineLines } from '../src/wait/timeline.ts'
import { at, run } from './fake-project.ts'
import { assertGolden } from './golden.ts'

const PLAIN: Terminal = { color: false, live: false, columns: 100 }

const STEPS = [
  [
    run({
      stage: 'staging',
      state: 'triggered',
      tasks: [{ name: 'deployment' }, { name: 'test' }, { name: 'evaluation' }],
      waiting: [
        {
          runId: 'staging-delivery',
          stage: 'staging',
          service: 'carts',
          sequence: 'delivery',
          code: 'lane',
          message: 'waits for its turn in staging/carts: held by delivery (context 5f1c)',
          since: at(0),
          resolvedBy: 'the end of run 5f1d',
        },
      ],
    }),
  ],
  [
    run({
      stage: 'staging',
      tasks: [
        { name: 'deployment', from: 1, to: 6.2 },
        { name: 'test', from: 6.2, progress: '120 of 400 requests' },
        { name: 'evaluation' },
      ],
    }),
  ],
  [
    run({
      stage: 'staging',
      to: 21,
      result: 'fail',
      tasks: [
        { name: 'deployment', from: 1, to: 6.2 },
        { name: 'test', from: 6.2, to: 18 },
        {
          name: 'evaluation',
          from: 18,
          to: 20.4,
          result: 'fail',
          message: 'lighthouse failed because the score is too low\nsecond line \u001b[31mred',
        },
        { name: 'release' },
      ],
    }),
    run({
      stage: 'staging',
      sequence: 'rollback',
      parent: 'staging-delivery',
      from: 21,
      tasks: [{ name: 'rollback', from: 21, attempt: 2 }],
    }),
  ],
]

test('the timeline as it is drawn, at three moments', () => {
  const moments = [2, 14, 23].map((seconds, index) => {
    const nowMs = Date.parse(at(seconds))
    return timelineLines(STEPS[index] ?? [], { terminal: PLAIN, nowMs, tick: 0 }).join('\n')
  })
  assertGolden('timeline.txt', `${moments.join('\n\n')}\n`)
})

test('plain lines say each change once', () => {
  const changes = createPlainLines()
  const lines = [...STEPS, ...STEPS].flatMap((runs) => changes(runs))
  assertGolden('plain-lines.txt', `${lines.join('\n')}\n`)
})

test('on a terminal no line is wider than it, whatever its colours', () => {
  const narrow: Terminal = { color: true, live: true, columns: 30 }
  const lines = STEPS.flatMap((runs) =>
    timelineLines(runs, { terminal: narrow, nowMs: Date.parse(at(30)), tick: 3 }),
  )
  for (const line of lines) assert.ok(stripVTControlCharacters(line).length < 30, line)
  assert.ok(lines.some((line) => line.includes('\u001b[')))
})

test('a clock that is behind the server never counts below zero', () => {
  const [line] = timelineLines(STEPS[1] ?? [], {
    terminal: PLAIN,
    nowMs: Date.parse(at(-60)),
    tick: 0,
  })
  assert.match(line ?? '', /0ms$/)
})
