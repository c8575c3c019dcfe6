import fc from 'fast-check'
import type { SeededRandom } from '../simulation/seeded-random.ts'

/** What has broken programs before, as text. */
export const NASTY_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  '\u0000shop',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '..',
  '../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '%',
  '%zz',
  '\ud800',
  '\udfff\ud800',
  '\u202e\u2066',
  '\ufeff',
  'a'.repeat(70_000),
  '\u{1f600}'.repeat(300),
  '-1',
  '0',
  '1e309',
  '9007199254740993',
  '-9223372036854775809',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  '1h',
  '1ms1',
  '9999999999h',
  '1'.repeat(400),
  `${'1h'.repeat(20_000)}x`,
  '(a+)+$',
  '[',
  '<=+10%',
  '<600',
  '>=-0',
  '2026-01-01T00:00:00Z',
  '+292278994-01-01T00:00:00Z',
  '2026-13-45T99:99:99Z',
  "'; DROP TABLE events; --",
  '$(id)',
  '{{.data.project}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of somebody else's
  '${jndi:ldap://x}',
  'sh.keptn.event.dev.delivery.triggered',
  'sh.keptn.event..triggered',
  'sh.keptn.event.deployment.finished',
  'tiphys:x',
  'argocd:x',
  'shop',
  'dev',
  'carts',
  'eA==',
  'YTogJmEgWyphXQ==',
]

const NASTY_NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53 + 2,
  -(2 ** 63),
  5e-324,
]

/** A value of any shape: mostly small, now and then deep, wide or huge. */
export function nastyValue(random: SeededRandom): unknown {
  const roll = random.below(12)
  if (roll < 5) return random.pick(NASTY_TEXTS)
  if (roll < 7) return random.pick(NASTY_NUMBERS)
  if (roll === 7) return random.pick([null, true, false, [], {}])
  if (roll === 8) return nested(random.pick([2, 101, 3_000]), random.chance(1 / 2))
  if (roll === 9) return Object.fromEntries(manyKeys(random.pick([3, 2_000])))
  return sampled(random, fc.jsonValue({ maxDepth: 3 }))
}

export function nastyText(random: SeededRandom): string {
  if (random.chance(2 / 3)) return random.pick(NASTY_TEXTS)
  return sampled(random, fc.string({ unit: 'binary', maxLength: 40 }))
}

/** fast-check's values, drawn from our seed. */
function sampled<T>(random: SeededRandom, values: fc.Arbitrary<T>): T {
  const [value] = fc.sample(values, { seed: random.below(2 ** 31), numRuns: 1 })
  return value as T
}

function nested(depth: number, isList: boolean): unknown {
  let value: unknown = 'deep'
  for (let level = 0; level < depth; level++) value = isList ? [value] : { a: value }
  return value
}

function manyKeys(count: number): [string, unknown][] {
  return Array.from({ length: count }, (_, index) => [`key-${index}`, index])
}
