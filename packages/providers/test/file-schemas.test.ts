import { strict as assert } from 'node:assert'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { isJsonObject, type Json } from '@tiphys/contract/json.ts'
import { strayAnnotations } from '../src/schemas/annotated.ts'
import {
  fileSchema,
  SCHEMA_NAMES,
  type SchemaName,
  schemaText,
  straysOf,
} from '../src/schemas/file-schemas.ts'
import { schemaAddress, withSchemaLine } from '../src/schemas/schema-line.ts'
import { knownDocuments, ROOT, readerFaults, schemaFaults } from './schema-files.ts'

test('the folder schemas holds what the readers take today', () => {
  const files = globSync('schemas/*.json', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'))
  assert.deepEqual(files.sort(), SCHEMA_NAMES.map((name) => `schemas/${name}.json`).sort())
  for (const name of SCHEMA_NAMES) {
    const text = readFileSync(join(ROOT, 'schemas', `${name}.json`), 'utf8')
    assert.equal(text, schemaText(name), `schemas/${name}.json is out of date: npm run schemas`)
  }
})

test('every file of this repository is what its schema says', () => {
  const documents = knownDocuments()
  const counts = new Map<SchemaName, number>()
  for (const { name, place, document } of documents) {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    assert.deepEqual(schemaFaults(name, document), [], place)
    assert.deepEqual(readerFaults(name, document), [], place)
  }
  for (const name of ['shipyard', 'slo', 'sli', 'tests', 'argocd', 'project', 'values'] as const) {
    assert.ok((counts.get(name) ?? 0) > 0, `no ${name} was found`)
  }
})

/** An editor shows it beside the key, so that nobody has to look it up. */
test('every key says what it means', () => {
  const isOpen = (place: string) => /^import-report|^settings\.providers\./.test(place)
  const silent = SCHEMA_NAMES.flatMap((name) => keysWithoutWords(fileSchema(name), name))
  assert.deepEqual(
    silent.filter((place) => !isOpen(place)),
    [],
  )
})

function keysWithoutWords(schema: Json, place: string): string[] {
  if (!isJsonObject(schema)) return []
  const { properties, items, additionalProperties, anyOf } = schema
  const named = isJsonObject(properties) ? Object.entries(properties) : []
  // What a variant spells out is explained by the key that has the variants.
  const isExplained = /\.(retry|thresholds)$/.test(place)
  return [
    ...named.flatMap(([key, inner]) => {
      const isSilent = isJsonObject(inner) && typeof inner['description'] !== 'string'
      return [
        ...(isSilent && !isExplained ? [`${place}.${key}`] : []),
        ...(isExplained ? [] : keysWithoutWords(inner, `${place}.${key}`)),
      ]
    }),
    ...[items ?? null, additionalProperties ?? null].flatMap((inner) =>
      keysWithoutWords(inner, place),
    ),
    ...(Array.isArray(anyOf) ? anyOf.flatMap((one: Json) => keysWithoutWords(one, place)) : []),
  ]
}

test('what a reader refuses as unknown or as the wrong type, the schema refuses', () => {
  const refused: [SchemaName, unknown][] = [
    ['slo', { objective: [] }],
    ['slo', { objectives: [{ sli: 'a', pass: [{ criteria: ['under 5'] }] }] }],
    ['slo', { objectives: [{ sli: 'a', pass: [{ criterias: ['<5'] }] }] }],
    ['slo', { objectives: [{ sli: 'a', weight: -1 }] }],
    ['slo', { comparison: { aggregate_function: 'median' } }],
    ['slo', { total_score: { pass: 'most' } }],
    ['sli', { indicators: { a: { query: 'up', units: 'ms' } } }],
    ['sli', { indicators: { a: { query: 'up', aggregate: 'median' } } }],
    ['sli', { indicators: ['a'] }],
    ['shipyard', { apiVersion: 'spec.keptn.sh/0.1.7', spec: { stages: [{ name: 'dev' }] } }],
    ['shipyard', { apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages: [] } }],
    ['shipyard', { apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages: [{ name: 'Dev' }] } }],
    ['project', { stages: { dev: { queue: 'first' } } }],
    ['project', { targets: ['not a host'] }],
    ['tests', { tests: [{ name: 'smoke', checks: [{ request: 'get /' }] }] }],
    [
      'tests',
      {
        tests: [
          {
            name: 'a',
            load: { duration: '1 minute', rate: '5/s', requests: [{ request: 'GET /' }] },
          },
        ],
      },
    ],
    ['tests', { tests: [{ name: 'a', checks: [{ request: 'GET /', expect: { status: 99 } }] }] }],
    ['argocd', { applications: [] }],
    ['argocd', { apiVersion: 'tiphys.dev/v1', applications: [{ application: '{{stag}}-carts' }] }],
    ['settings', { prot: 80 }],
    ['settings', { providers: { prometheus: { url: 'http://p:9090', bearer: 'x' } } }],
    ['settings', { retention: '5m' }],
    ['values', { indicatorValues: [{ value: 1 }] }],
    ['previous', {}],
  ]
  for (const [name, document] of refused) {
    assert.notDeepEqual(schemaFaults(name, document), [], `${name} ${JSON.stringify(document)}`)
  }
})

test('no words are left of a key that is gone', () => {
  assert.deepEqual(
    SCHEMA_NAMES.flatMap((name) => straysOf(name)),
    [],
  )
  const gone = { 'a.gone': 'text', 'a.b[].c': 'text' }
  const schema = { properties: { a: { properties: { b: { items: { properties: { c: {} } } } } } } }
  assert.deepEqual(strayAnnotations(schema, gone), ['a.gone'])
})

test('the examples name their schema, and the demo will', () => {
  const examples = knownDocuments().filter(({ place }) => /^examples\/.*\.ya?ml$/.test(place))
  assert.ok(examples.length >= 17)
  for (const { name, place, text } of examples) {
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? 'nothing'
    assert.equal(join(dirname(place), named), join('schemas', `${name}.json`), place)
  }
  const address = schemaAddress('http://127.0.0.1:8080/tiphys/', 'slo')
  assert.equal(address, 'http://127.0.0.1:8080/tiphys/api/tiphys/v1/schemas/slo.json')
  const once = withSchemaLine('objectives: []\n', '../slo.json')
  assert.equal(once, '# yaml-language-server: $schema=../slo.json\nobjectives: []\n')
  assert.equal(withSchemaLine(once, address).split('$schema').length, 2)
})
