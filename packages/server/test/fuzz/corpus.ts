import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeInput, type FuzzInput } from './fuzz-input.ts'

const FOLDER = fileURLToPath(new URL('./corpus/', import.meta.url))
const HASH_DIGITS = 10

export type Kept = { readonly name: string; readonly about: string; readonly input: FuzzInput }

/** Everything that ever broke something, and what is worth throwing again. */
export function readCorpus(): readonly Kept[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const kept = JSON.parse(readFileSync(FOLDER + name, 'utf8')) as Omit<Kept, 'name'>
      return { ...kept, name }
    })
}

/** Keeps an input; the answer is the file. */
export function keep(input: FuzzInput, about: string): string {
  const text = JSON.stringify({ about: `${about} (${describeInput(input)})`, input }, null, 2)
  const hash = createHash('sha256')
    .update(JSON.stringify(input))
    .digest('hex')
    .slice(0, HASH_DIGITS)
  const file = `${FOLDER}${input.kind}-${hash}.json`
  writeFileSync(file, `${text}\n`)
  return file
}
