import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS, type Mutant } from './catalog.ts'

/** A bug that is not found in so many stories survives. */
const SEEDS = 2_000
const CHECKOUT = fileURLToPath(new URL('../../../../../', import.meta.url))
const MAIN = 'packages/server/test/simulation/main.ts'
/** What a story needs of the checkout. */
const PACKAGES = ['contract', 'core', 'providers', 'server']
const COLUMN = 66

/**
 * Plants each bug into a copy of the source, never into the checkout, and plays stories until one breaks a rule. Prints a table; the answer
 * is the exit code: 1 when one survives.
 */
export async function huntMutants({
  only,
}: {
  readonly only: string | undefined
}): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-mutants-'))
  let survivors = 0
  try {
    await copySource(folder)
    print(`${'planted bug'.padEnd(COLUMN)} found by`)
    for (const mutant of MUTANTS) {
      if (only !== undefined && !mutant.name.includes(only)) continue
      const found = await hunt(folder, mutant)
      if (found === undefined) survivors++
      const shown =
        found === undefined ? `nothing in ${SEEDS} stories` : `seed ${found.seed}: ${found.how}`
      print(`${mutant.name.padEnd(COLUMN)} ${shown}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  if (survivors > 0) print(`${survivors} planted bugs survive`)
  return survivors > 0 ? 1 : 0
}

async function copySource(folder: string): Promise<void> {
  const scope = join(folder, 'node_modules', '@tiphys')
  await mkdir(scope, { recursive: true })
  for (const name of await readdir(join(CHECKOUT, 'node_modules'))) {
    if (name === '@tiphys') continue
    await symlink(join(CHECKOUT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  for (const name of PACKAGES) {
    const copy = join(folder, 'packages', name)
    for (const part of ['package.json', 'src', ...(name === 'server' ? ['test'] : [])]) {
      await cp(join(CHECKOUT, 'packages', name, part), join(copy, part), { recursive: true })
    }
    await symlink(copy, join(scope, name))
  }
}

type Found = { readonly seed: string; readonly how: string }

async function hunt(folder: string, mutant: Mutant): Promise<Found | undefined> {
  const path = join(folder, 'packages', mutant.file)
  const text = await readFile(path, 'utf8')
  const places = text.split(mutant.find).length - 1
  if (places !== 1) {
    throw new Error(
      `${mutant.name}: its text stands ${places} times in ${mutant.file}; adapt catalog.ts`,
    )
  }
  await writeFile(
    path,
    text.replace(mutant.find, () => mutant.replace),
  )
  try {
    return await play(folder)
  } finally {
    await writeFile(path, text)
  }
}

/** In a process of its own, which a planted bug may take down. */
function play(folder: string): Promise<Found | undefined> {
  const args = [join(folder, MAIN), '--seeds', String(SEEDS), '--brief']
  return new Promise((resolve) => {
    execFile(process.execPath, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      const broken = /^seed (\d+) breaks a rule: (.*)$/m.exec(stdout)
      if (broken !== null) resolve({ seed: broken[1] ?? '', how: named(broken[2] ?? '') })
      else if (error !== null)
        resolve({ seed: '?', how: stderr.split('\n')[0] ?? 'the process ended' })
      else resolve(undefined)
    })
  })
}

/** Without what is another one in every run. */
function named(message: string): string {
  return message
    .replace(/(?:run\/)?[0-9a-f]{8}-[0-9a-f-]{27}(?:\/[0-9a-f-]{36})?/g, 'X')
    .replace(/ext-\d+/g, 'X')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
