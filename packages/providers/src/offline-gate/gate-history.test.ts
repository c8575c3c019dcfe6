import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Evaluation } from '@tiphys/contract/evaluation.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { type OfflineGateOptions, runOfflineGate } from '../offline-gate.ts'

const SLO = `comparison: { compare_with: several_results, number_of_comparison_results: 2, include_result_with_score: pass }
objectives:
  - { sli: rt, pass: [{ criteria: ["<=+10%"] }] }
`

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tiphys-history-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  writeFileSync(join(path, 'slo.yaml'), SLO)
  return path
}

let minutes = 0

function judge(root: string, rt: number, more: Partial<OfflineGateOptions> = {}) {
  const file = join(root, 'values.json')
  writeFileSync(file, JSON.stringify({ indicatorValues: [{ metric: 'rt', value: rt }] }))
  const nowMs = Date.UTC(2026, 10, 22, 12, minutes++)
  return runOfflineGate({
    slo: join(root, 'slo.yaml'),
    values: file,
    service: 'carts',
    nowMs,
    ...more,
  })
}

for (const place of ['history.json', 'folder/', 'deep/er/history.json']) {
  test(`${place}: later runs are compared with what earlier ones measured`, async (context) => {
    const root = folder(context)
    const history = join(root, place)
    const results: string[] = []
    for (const rt of [100, 105, 200, 108, 115]) {
      results.push((await judge(root, rt, { history }))?.outcome?.result ?? '')
    }
    // 200 failed, so it is nothing to compare with; 115 is compared with 108 and 105.
    assert.deepEqual(results, ['pass', 'pass', 'fail', 'pass', 'pass'])
    const last = await judge(root, 130, { history })
    assert.equal(last.exitCode, 1)
    const [objective] = last.explanation?.objectives ?? []
    assert.equal(objective?.baseline?.value, (115 + 108) / 2)
    const other = await judge(root, 500, { history, service: 'orders' })
    assert.equal(other.outcome?.result, 'pass', 'another service has a history of its own')
  })
}

test('a history is read only where that was asked for, and holds no evaluation without a verdict', async (context) => {
  const root = folder(context)
  const history = join(root, 'history.json')
  await judge(root, 100, { history })
  const before = readFileSync(history, 'utf8')
  const compared = await judge(root, 200, { history, record: false })
  assert.equal(compared.exitCode, 1)
  assert.equal(readFileSync(history, 'utf8'), before)
  writeFileSync(join(root, 'none.json'), '{"indicatorValues":[]}')
  const nothing = await judge(root, 1, { history, values: join(root, 'none.json') })
  assert.equal(nothing.exitCode, 3)
  assert.equal(readFileSync(history, 'utf8'), before)
  const missing = await judge(root, 1, { history: join(root, 'gone/h.json'), record: false })
  assert.equal(missing.exitCode, 0, 'no history yet is an empty one')
  assert.ok(!readdirSync(root).includes('gone'))
})

test('a history is a file for --previous too, and leaves nothing half written', async (context) => {
  const root = folder(context)
  const history = join(root, 'history.json')
  await judge(root, 100, { history })
  const answer = await judge(root, 200, { previous: history })
  assert.equal(answer.exitCode, 1)
  const [entry] = JSON.parse(readFileSync(history, 'utf8'))
  assert.deepEqual(answer.evaluation?.comparedEvents, [entry.id])
  assert.deepEqual(readdirSync(root).toSorted(), ['history.json', 'slo.yaml', 'values.json'])
})

test('labels of earlier runs choose among them', async (context) => {
  const root = folder(context)
  const slo = SLO.replace('comparison: {', 'comparison: { same_labels: [region],')
  writeFileSync(join(root, 'slo.yaml'), slo)
  const history = join(root, 'h/')
  await judge(root, 100, { history, labels: { region: 'eu' } })
  await judge(root, 500, { history, labels: { region: 'us' } })
  const eu = await judge(root, 300, { history, labels: { region: 'eu' } })
  assert.equal(eu.explanation?.objectives[0]?.baseline?.value, 100)
})

test('many runs side by side lose nothing in a folder', async (context) => {
  const root = folder(context)
  const history = join(root, 'h/')
  await Promise.all(Array.from({ length: 20 }, () => judge(root, 100, { history })))
  assert.equal(readdirSync(history).length, 20)
})

test('a history that is none ends the gate before anything is asked', async (context) => {
  const root = folder(context)
  const history = join(root, 'history.json')
  writeFileSync(history, '[{"id":"a","evaluation":{"indicatorResults":[{"value":{"metric":3}}]}}]')
  const answer = await judge(root, 1, { history })
  assert.equal(answer.exitCode, 2)
  assert.match(
    answer.problems.map(formatProblem)[0] ?? '',
    /history\.json:1:\d+: 0\.evaluation\.indicatorResults\.0\.value\.metric: expected string/,
  )
  const blocked = await judge(root, 1, { history: join(root, 'slo.yaml', 'h.json') })
  assert.equal(blocked.exitCode, 2)
  assert.match(blocked.complaint ?? '', /^--history .*slo\.yaml.h\.json: /)
})

test('a history may be longer than any file that people write', async (context) => {
  const root = folder(context)
  const history = join(root, 'history.json')
  await judge(root, 100, { history })
  const [entry] = JSON.parse(readFileSync(history, 'utf8'))
  const note = 'x'.repeat(10_000)
  const many = Array.from({ length: 500 }, (_, index) => ({ ...entry, note, id: `e${index}` }))
  writeFileSync(history, JSON.stringify(many))
  const compared = await judge(root, 120, { history, record: false })
  assert.deepEqual([compared.complaint, compared.exitCode], [null, 1])
  const previous = await judge(root, 120, { previous: history })
  assert.deepEqual([previous.complaint, previous.exitCode], [null, 1])
  assert.equal((await judge(root, 101, { history })).exitCode, 0)
  const kept = JSON.parse(readFileSync(history, 'utf8'))
  assert.deepEqual([kept.length, kept[1].id, kept.at(-1).id], [500, 'e0', 'e498'])
  writeFileSync(history, JSON.stringify([...many, { id: 3 }]))
  const broken = await judge(root, 1, { history })
  assert.equal(broken.exitCode, 2)
  assert.match(broken.complaint ?? '', /history\.json: 500\.id: /)
})

test('what a pipeline beside this one forgets meanwhile is not missed', async (context) => {
  const root = folder(context)
  const history = join(root, 'h/')
  await judge(root, 100, { history })
  await judge(root, 100, { history })
  const [oldest = ''] = readdirSync(history).toSorted()
  const answer = await judge(root, 120, {
    history,
    readText(file) {
      if (file.endsWith(oldest)) rmSync(file, { force: true })
      return readFile(file, 'utf8')
    },
  })
  assert.deepEqual([answer.complaint, answer.exitCode], [null, 1])
  assert.equal(answer.evaluation?.comparedEvents?.length, 1)
})

test('what another pipeline adds to the file meanwhile is kept', async (context) => {
  const root = folder(context)
  const history = join(root, 'history.json')
  const server = createServer(async (_request, response) => {
    await judge(root, 100, { history })
    const result = [{ metric: {}, value: [0, '101'] }]
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  writeFileSync(join(root, 'sli.yaml'), 'indicators: { rt: up }\n')
  const asked = await judge(root, 1, {
    history,
    values: undefined,
    sli: [join(root, 'sli.yaml')],
    provider: 'prometheus',
    url: `http://127.0.0.1:${port}`,
  })
  assert.equal(asked.complaint, null)
  const kept = JSON.parse(readFileSync(history, 'utf8')) as { evaluation: Evaluation }[]
  const values = kept.map(({ evaluation }) => evaluation.indicatorResults?.[0]?.value?.value)
  assert.deepEqual(values, [101, 100])
})
