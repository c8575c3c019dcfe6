import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { DOUBLE_QUOTED } from '@tiphys/core/evaluation/query-language.ts'
import fc from 'fast-check'
import { z } from 'zod'
import { REQUEST } from '../../test/provider-contract.ts'
import { readOptions } from './with-options.ts'

const Any = z.record(z.string(), z.json())

function read(options: JsonObject, labels: Readonly<Record<string, string>> = {}, filters = {}) {
  const scope = { ...REQUEST.scope, labels, filters }
  const asked = { sli: { query: 'x', with: options }, request: { ...REQUEST, scope } }
  return readOptions(Any, asked, { filter: DOUBLE_QUOTED })
}

test('placeholders are filled in at any depth, and nothing else changes', () => {
  const found = read(
    { a: ['{{ service }}', 1, null, { b: '$STAGE/{{ labels.v }}', c: true }], d: 'plain' },
    { v: '7' },
  )
  assert.deepEqual(found, {
    ok: true,
    value: { a: ['carts', 1, null, { b: 'dev/7', c: true }], d: 'plain' },
  })
})

test('a text takes any value as it is; one in a query language as that language writes it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((value) => !/\p{Cc}/u.test(value)),
      (value) => {
        const found = read(
          { plain: 'a{{ labels.v }}b', filter: 'x="{{ labels.v }}"' },
          { v: value },
        )
        const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
        const expected = { plain: `a${value}b`, filter: `x="${escaped}"` }
        assert.deepEqual(found, { ok: true, value: expected })
      },
    ),
  )
})

test('what cannot be filled in, and what is no option, is said with its place', () => {
  const message = (found: ReturnType<typeof read>) => ('kind' in found ? found.message : '')
  const unsafe = read({ filter: 'x={{ labels.v }}' }, { v: 'a b' })
  assert.match(message(unsafe), /^with\.filter: \{\{ labels\.v \}\} holds "a b"/)
  assert.match(message(read({ a: { b: '{{ labels.v }}' } })), /^with\.a: .* there is no label v$/)
  assert.match(message(read({ a: '$LABEL.v' }, { v: 'a"b' })), /^with\.a: \$LABEL\.v holds/)
  const odd = read({ a: '$id' }, {}, { id: 'a\\' })
  assert.match(message(odd), /^with\.a: a filter of slo\.yaml does not fit into "\$id"$/)
  const Strict = z.strictObject({ a: z.strictObject({ b: z.number() }) })
  const asked = { sli: { query: 'x', with: { a: { b: 'no' } } }, request: REQUEST }
  const refused = readOptions(Strict, asked)
  assert.match('kind' in refused ? refused.message : '', /^with\.a\.b: /)
})
