import { strict as assert } from 'node:assert'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Compares text that people read with a file in test/golden; UPDATE_GOLDEN=1 writes it anew, for a person to look at. */
export function assertGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`./golden/${name}`, import.meta.url))
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return
  }
  assert.ok(existsSync(file), `${name} is not there; make it with UPDATE_GOLDEN=1`)
  assert.equal(text, readFileSync(file, 'utf8'))
}
