import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { OptionsError, parseOptions } from '../src/simulator-options.ts'

test('the example is a valid configuration, and every default is filled in', () => {
  const text = readFileSync(new URL('../examples/simulator.yaml', import.meta.url), 'utf8')
  const parsed = parseOptions(parse(text))
  assert.equal(parsed.applications.length, 2)
  assert.equal(parsed.traps.exactContentType, true)
  assert.equal(parsed.traps.duplicateNotifications, 0.2)
  assert.equal(parsed.notifications?.webhooks[0]?.retryMax, 3)
})

test('options that are none are named with their path', () => {
  const problems = (options: unknown): string => {
    try {
      parseOptions(options)
      return ''
    } catch (error) {
      assert.ok(error instanceof OptionsError)
      return error.message
    }
  }
  assert.equal(problems({}), '')
  assert.match(problems({ timing: { polMs: 1 } }), /^timing: .*polMs/)
  assert.match(problems({ rootPath: 'argo/' }), /^rootPath: must be empty or begin with a slash/)
  assert.match(
    problems({
      projects: [{ name: 'p', syncWindows: [{ kind: 'deny', schedule: '* *', duration: 'x' }] }],
    }),
    /syncWindows\.0\.schedule: must be a cron line.*\n.*duration: must be a Go duration/,
  )
  assert.match(
    problems({ applications: [{ metadata: { name: 'Ä' } }] }),
    /applications\.0\.metadata\.name/,
  )
})
