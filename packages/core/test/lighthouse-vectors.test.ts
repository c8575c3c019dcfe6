import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Vector, vectorChecks } from './lighthouse-vectors.ts'

/**
 * Every vector recorded from Keptn's lighthouse-service, of every kind: the copy in this repository always, and the original
 * beside the checkout where it is there, so that the copy cannot fall behind.
 */
const copy = new URL('./fixtures/lighthouse-vectors.json', import.meta.url)
const original = new URL('../../../../shared/fixtures/lighthouse-vectors.json', import.meta.url)
const EXPECTED_VECTORS = 65

for (const [name, url] of [
  ['copy', copy],
  ['original', original],
] as const) {
  const skip = existsSync(url) ? false : `no vectors at ${fileURLToPath(url)}`
  test(`the vectors of Keptn's quality gate (${name})`, { skip }, async (context) => {
    const { vectors } = JSON.parse(readFileSync(url, 'utf8')) as { vectors: Vector[] }
    assert.equal(vectors.length, EXPECTED_VECTORS)
    for (const vector of vectors) {
      const check = vectorChecks[vector.kind]
      assert.ok(check, `no check for vectors of kind ${vector.kind}`)
      await context.test(vector.id, () => check(vector))
    }
  })
}
