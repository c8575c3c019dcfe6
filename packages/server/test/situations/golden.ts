import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Situation } from './situation.ts'

const FILE = fileURLToPath(new URL('./situations.golden.md', import.meta.url))

/** The order of the table. */
const SECTIONS = [
  'Files',
  'Events',
  'Tokens',
  'HTTP routes, one by one',
  'Waiting',
  'Evaluations',
  'Event data that tries to steer',
  'Argo CD',
  'Git',
  'Command line',
  'Settings of the server',
] as const
export type Section = (typeof SECTIONS)[number]

const HEAD = `# Situations

What users read when something is wrong, or when nothing happens. Every line was produced by the real server (and the real command line);
\`UPDATE_GOLDEN=1\` with the tests of this folder and test/api/situations.test.ts writes it anew, for a person to read. What differs from run to run stands in angle brackets.
`

/**
 * Compares what happened with a section of situations.golden.md. With UPDATE_GOLDEN=1 the section is written instead; the file is read
 * and written in one go, because the sections come from several test processes.
 */
export function assertGolden(
  section: Section,
  situations: readonly Situation[],
  volatile: readonly (readonly [string | RegExp, string])[] = [],
): void {
  const found = table(situations.map((one) => stable(one, volatile)))
  const sections = readSections()
  if (process.env['UPDATE_GOLDEN'] === '1') {
    sections.set(section, found)
    writeFileSync(FILE, render(sections))
    return
  }
  assert.equal(
    found,
    sections.get(section),
    `${section}: differs from situations.golden.md; read it, and write it anew with UPDATE_GOLDEN=1`,
  )
}

function readSections(): Map<string, string> {
  if (!existsSync(FILE)) return new Map()
  const parts = readFileSync(FILE, 'utf8').split(/^## /m).slice(1)
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n')
      return [part.slice(0, end), part.slice(end + 1).trim()]
    }),
  )
}

function render(sections: ReadonlyMap<string, string>): string {
  const parts = SECTIONS.flatMap((name) => {
    const found = sections.get(name)
    return found === undefined ? [] : [`## ${name}\n\n${found}\n`]
  })
  return [HEAD, ...parts].join('\n')
}

function table(situations: readonly Situation[]): string {
  const rows = situations.map(
    ({ situation, outcome, sentence }) =>
      `| ${cell(situation)} | ${cell(outcome)} | ${cell(sentence)} |`,
  )
  return ['| situation | outcome | what one reads |', '|---|---|---|', ...rows].join('\n')
}

function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replace(/\s*\n\s*/g, '<br>')
}

/** Ids, ports, times and commits differ from run to run, and nothing else may. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/\b127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'],
  [/\(process \d+/g, '(process <pid>'],
  [/\bis due in [0-9hms]+/g, 'is due in <duration>'],
  [/\blast seen (just now|[0-9hms ]+ ago)/g, 'last seen <duration> ago'],
  [/\b[0-9a-f]{40}\b/g, '<commit>'],
]

function stable(one: Situation, volatile: readonly (readonly [string | RegExp, string])[]) {
  let { sentence } = one
  for (const [what, word] of [...volatile, ...VOLATILE]) {
    sentence = sentence.replaceAll(typeof what === 'string' ? what : new RegExp(what, 'g'), word)
  }
  return { ...one, sentence }
}
