import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLog } from '../../src/adapters/system/create-log.ts'

function written(format: 'json' | 'text', data: object, message = 'run ended: fail'): string {
  const lines: string[] = []
  const secrets = () => ['hunter22']
  createLog({ level: 'info', format, write: (line) => lines.push(line), secrets }).warn(
    data,
    message,
  )
  return lines.join('')
}

const RUN = { runId: 'r1', context: 'c1', project: 'shop', durationMs: 12, reason: 'too slow' }

describe('a line of the log', () => {
  it('has what it belongs to beside its message, and the rest in data', () => {
    const { time, ...line } = JSON.parse(written('json', RUN))
    assert.ok(!Number.isNaN(Date.parse(time)))
    assert.deepEqual(line, {
      level: 'warn',
      message: 'run ended: fail',
      ...{ runId: 'r1', context: 'c1', project: 'shop' },
      data: { durationMs: 12, reason: 'too slow' },
    })
    // A field of that name that is no text is data: a search by `task` finds names only.
    const { task, data } = JSON.parse(written('json', { task: { name: 'test' } }))
    assert.deepEqual([task, data], [undefined, { task: { name: 'test' } }])
  })

  it('is one line of text for people', () => {
    const line = written('text', RUN)
    assert.match(
      line,
      /^\S+Z WARN {2}run ended: fail {2}runId=r1 context=c1 project=shop durationMs=12 reason="too slow"\n$/,
    )
    assert.match(written('text', {}), / run ended: fail\n$/)
  })

  it('shows the stack of an error below', () => {
    const [first = '', second = '', ...stack] = written('text', {
      error: new Error('disk full'),
      instance: 'default',
    }).split('\n')
    assert.match(first, /instance=default$/)
    assert.match(second, /^ {2}error: Error: disk full$/)
    assert.ok(stack.some((frame) => /log-line\.test/.test(frame)))
  })

  it('cannot be made to look like another line, and hides secrets as well', () => {
    const forged = written(
      'text',
      { reason: 'a\nb' },
      'bad\n2026-01-01 ERROR forged\u001b[2J hunter22',
    )
    assert.equal(forged.split('\n').length, 2)
    assert.ok(!forged.includes('\u001b'))
    assert.doesNotMatch(forged, /hunter22/)
    assert.match(forged, /reason="a\\nb"/)
  })
})
