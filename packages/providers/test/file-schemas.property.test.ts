import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isJsonObject, type Json } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import type { SchemaName } from '../src/schemas/file-schemas.ts'
import { knownDocuments, readerFaults, schemaFaults } from './schema-files.ts'

/**
 * Rules that JSON Schema cannot say, or not well: several keys that belong together, names that may come once, bounds of a duration, and
 * languages of their own. The reader says them; docs/evaluation.md names them for whoever wonders why an editor did not.
 */
const RULES_OVER_SEVERAL_KEYS: Partial<Record<SchemaName, RegExp>> = {
  shipyard: /is there twice|cannot be evaluated/,
  project:
    /needs either from and to, or schedule and duration|is missing|no time|not a time|cron|time zone|lies|duration/,
  tests:
    /has either checks|belongs to|is missing \(|two are called|the name .* is taken by|has no body|exclude each other|expected a duration between|at most \d+ (have figures|\/s)|expected at most|cannot be set by a test|name of a variable|has a character that no request path has/,
  argocd:
    /exactly one of|document goes with|value is missing|two applications are called|repository URL|Kubernetes name|branch|image name|the path/,
  settings: /invalid URL|http or https address|is missing:/i,
  values: /has a value already/,
  previous: /expected an evaluation object/,
}

const WORDS = fc.constantFrom<Json>(
  ...[
    '',
    'x',
    '5m',
    '1h',
    '90d',
    '20/s',
    'GET /',
    '<=5',
    '<=+10%',
    'pass',
    'fail',
    'avg',
    'p95',
    'manual',
  ],
  ...[
    'https://a.example.com',
    '{{service}}',
    '{{stag}}',
    'a b',
    'A.b',
    '.',
    '..',
    '/',
    '-',
    'dev.delivery.finished',
  ],
  ...[0, 1, -1, 2.5, 1e9, true, false, null, [], {}, ['x'], { x: 1 }],
)

const SETTINGS: Json = {
  port: 8080,
  host: '127.0.0.1',
  publicUrl: 'https://tiphys.example.com',
  logLevel: 'info',
  metrics: { public: true, maxStages: 10 },
  argocd: {
    instances: [{ name: 'eu', url: 'https://argocd.example.com', tokenEnv: 'ARGOCD_TOKEN' }],
    reconcileEvery: '30s',
  },
  git: { protocols: ['https'], credentials: [{ match: 'https://git.example.com/', user: 'x' }] },
  providers: {
    prometheus: { url: 'http://prometheus:9090', projects: ['shop'], timeout: '10s' },
    'http-json': [{ name: 'quotes', url: 'https://quotes.example.com', apiKeyEnv: 'KEY' }],
  },
  loadTests: { maxRate: 100 },
  retention: '90d',
}

const DOCUMENTS: readonly { name: SchemaName; place: string; document: unknown }[] = [
  ...knownDocuments(),
  { name: 'settings', place: 'settings', document: SETTINGS },
]

/** A file of ours with up to three mistakes in it. */
const mutated = fc
  .tuple(
    fc.constantFrom(...DOCUMENTS),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('drop', 'rename', 'replace', 'repeat'), WORDS), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([{ name, place, document }, changes]) => {
    let changed = document as Json
    for (const [at, how, word] of changes) {
      const places = placesOf(changed)
      const chosen = places[at % Math.max(1, places.length)]
      if (chosen !== undefined) changed = mutate(changed, chosen, how, word)
    }
    return { name, place, document: changed }
  })

type Path = readonly (string | number)[]

function placesOf(value: Json, path: Path = []): Path[] {
  const inner = isJsonObject(value)
    ? Object.entries(value).flatMap(([key, one]) => placesOf(one, [...path, key]))
    : Array.isArray(value)
      ? value.flatMap((one: Json, index) => placesOf(one, [...path, index]))
      : []
  return path.length === 0 ? inner : [path, ...inner]
}

function mutate(value: Json, [step, ...rest]: Path, how: string, word: Json): Json {
  if (step === undefined) return word
  if (Array.isArray(value)) {
    return value.flatMap((one: Json, index) => {
      if (index !== step) return [one]
      if (rest.length > 0) return [mutate(one, rest, how, word)]
      return how === 'drop' ? [] : how === 'repeat' ? [one, one] : [word]
    })
  }
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).flatMap(([key, one]): [string, Json][] => {
    if (key !== step) return [[key, one]]
    if (rest.length > 0) return [[key, mutate(one, rest, how, word)]]
    if (how === 'drop') return []
    return how === 'rename' ? [[`${key}s`, one]] : [[key, word]]
  })
  return Object.fromEntries(entries)
}

test('what a schema takes, the reader takes', () => {
  let taken = 0
  fc.assert(
    fc.property(mutated, ({ name, place, document }) => {
      if (schemaFaults(name, document).length > 0) return
      taken += 1
      const over = RULES_OVER_SEVERAL_KEYS[name] ?? /^$/
      const faults = readerFaults(name, document).filter((fault) => !over.test(fault))
      assert.deepEqual(faults, [], `${place} ${JSON.stringify(document)}`)
    }),
    { numRuns: 1_000 },
  )
  // A schema that refused everything would hold too.
  assert.ok(taken > 50, `only ${taken} of the files were taken by their schemas`)
})
