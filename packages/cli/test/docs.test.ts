import { strict as assert } from 'node:assert'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { fileKindOf } from '@tiphys/providers/file-kind.ts'
import { lintFileSet } from '@tiphys/providers/lint-file-set.ts'
import type { Command } from 'commander'
import { createProgram } from '../src/program.ts'
import { createCli } from './run-cli.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: ROOT }).sort()

type Block = { readonly document: string; readonly language: string; readonly text: string }

function blocks(): Block[] {
  return DOCUMENTS.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), 'utf8')
    return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
      document,
      language: language ?? '',
      text: code ?? '',
    }))
  })
}

/** The words of a line as a shell would give them, far enough for what stands in documents. */
function words(line: string): string[] {
  const found: string[] = []
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)) {
    const word = double ?? single ?? plain ?? ''
    if (plain !== undefined && /^(#|\||>|<<|&&|;)/.test(plain)) break
    found.push(word.replace(/;$/, ''))
  }
  return found
}

function withoutActions(command: Command): Command {
  command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  if (command.commands.length === 0) command.action(() => undefined)
  for (const one of command.commands) withoutActions(one)
  return command
}

test('every command in the documents is one', async () => {
  const commands = blocks().flatMap(({ document, text }) =>
    text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => /^\s*(?:\$ )?(?:npx )?tiphys (.+)$/.exec(line)?.[1])
      .filter((line) => line !== undefined)
      .map((line) => ({ document, line })),
  )
  assert.ok(commands.length > 20, `only ${commands.length} commands were found`)
  for (const { document, line } of commands) {
    const program = withoutActions(createProgram())
    await assert.doesNotReject(
      program.parseAsync(words(line), { from: 'user' }),
      `${document}: tiphys ${line}`,
    )
  }
})

test('every file of ours that is shown in the documents is valid', () => {
  const files = blocks().flatMap(({ document, language, text }) => {
    if (language !== 'yaml') return []
    const name = /^# (\S+\.ya?ml)\b/.exec(text)?.[1]
    if (name !== undefined)
      return fileKindOf(name, '') === undefined ? [] : [{ document, name, text }]
    // A part of a file says by its keys which one it is of.
    const kind = fileKindOf('', text)
    // `targets` is a key of results too.
    return kind === undefined || kind === 'project'
      ? []
      : [{ document, name: `${kind}.yaml`, text }]
  })
  assert.ok(files.length >= 4, `only ${files.length} files were found`)
  for (const { document, name, text } of files) {
    const errors = lintFileSet({ [name]: text }).filter(({ severity }) => severity === 'error')
    assert.deepEqual(errors.map(formatProblem), [], `${document}: ${name}`)
  }
})

test('the examples have nothing wrong with them', async (t) => {
  const cli = createCli(t)
  const shop = await cli.run([
    'lint',
    join(ROOT, 'examples/shop'),
    '--fail-on=warning',
    '-o',
    'json',
  ])
  const { files, problems } = JSON.parse(shop.stdout)
  assert.deepEqual([shop.code, problems, files.length], [0, [], 7])
  const all = await cli.run(['lint', join(ROOT, 'examples'), '-o', 'json'])
  const bad = JSON.parse(all.stdout).problems.filter(
    (one: { severity: string }) => one.severity === 'error',
  )
  assert.deepEqual(bad, [])
})

test('the gate of the example passes as its README shows', async (t) => {
  const cli = createCli(t)
  const folder = join(ROOT, 'examples/shop')
  const { code, stdout } = await cli.run([
    ...['evaluate', '--slo', join(folder, 'staging/carts/slo.yaml')],
    ...['--values', join(folder, 'values.json')],
  ])
  assert.equal(code, 0)
  assert.match(stdout, /^The evaluation passed with 100 of 90 needed\./)
})
