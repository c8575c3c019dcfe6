import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { lintTestsYaml } from '@tiphys/contract/tests-yaml.ts'

const REPOSITORY = new URL('../../../../', import.meta.url)
const folder = new URL('examples/tests/', REPOSITORY)

for (const name of readdirSync(folder)) {
  test(`examples/tests/${name} is valid and raises no doubt`, () => {
    const problems = lintTestsYaml(readFileSync(new URL(name, folder), 'utf8'), name)
    assert.deepEqual(problems.map(formatProblem), [])
  })
}

test('every file shown in docs/tests.md is valid', () => {
  const page = readFileSync(new URL('docs/tests.md', REPOSITORY), 'utf8')
  const files = [...page.matchAll(/```yaml\n# tiphys\/tests\.yaml\n(.*?)```/gs)]
  assert.ok(files.length > 0)
  for (const [, text = ''] of files) {
    assert.deepEqual(lintTestsYaml(text, 'tests.yaml').map(formatProblem), [])
  }
})
