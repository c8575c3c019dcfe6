import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createCli } from './run-cli.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

test('a gate whose output nobody reads to the end ends with its verdict', (t) => {
  const { home } = createCli(t)
  const names = Array.from({ length: 1000 }, (_, index) => `rt${index}`)
  const objectives = names.map((sli) => `  - { sli: ${sli}, pass: [{ criteria: ["<600"] }] }\n`)
  const indicatorValues = names.map((metric) => ({ metric, value: 700 }))
  writeFileSync(join(home, 'slo.yaml'), `objectives:\n${objectives.join('')}`)
  writeFileSync(join(home, 'values.json'), JSON.stringify({ indicatorValues }))
  const command = `"${process.execPath}" "${MAIN}" evaluate --slo slo.yaml --values values.json --report r.html -o html`
  const run = spawnSync('bash', ['-c', `${command} | true; exit "\${PIPESTATUS[0]}"`], {
    cwd: home,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home },
  })
  assert.deepEqual([run.status, run.stderr], [1, ''])
})
