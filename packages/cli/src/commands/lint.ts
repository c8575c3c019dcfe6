import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { formatProblem, type Problem } from '@tiphys/contract/problem.ts'
import { fileKindOf } from '@tiphys/providers/file-kind.ts'
import { lintFileSet } from '@tiphys/providers/lint-file-set.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { type Paint, paint, type Terminal, terminalOf } from '../output/terminal.ts'

type Options = GlobalOptions & {
  readonly output?: DataFormat
  readonly failOn: 'error' | 'warning'
}

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'charts'])
const YAML = /\.ya?ml$/

/** Files as named; of a folder every file that is one of ours. Without arguments: the folder we stand in. */
export async function lint(
  options: Options,
  args: readonly string[],
): Promise<ExitCode | undefined> {
  const files: Record<string, string> = {}
  for (const path of args.length === 0 ? ['.'] : args) Object.assign(files, await filesOf(path))
  const names = Object.keys(files)
  if (names.length === 0) {
    throw new CommandFailure(
      'no file of Tiphys or Keptn was found; name files, or a folder with shipyard.yaml, slo.yaml, …',
    )
  }
  const problems = lintFileSet(files)
  const terminal = terminalOf(options)
  printData({ files: names, problems }, options.output, () =>
    [...problems.map((one) => problemLine(one, terminal)), summary(names, problems)].join('\n'),
  )
  const isBad = problems.some(
    ({ severity }) =>
      severity === 'error' || (severity === 'warning' && options.failOn === 'warning'),
  )
  return isBad ? EXIT.usage : EXIT.pass
}

/** A file that is named is read whatever it is; in a folder only what is known is. */
async function filesOf(path: string): Promise<Record<string, string>> {
  const found = path === '-' ? undefined : await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) return { [path]: await readText(path) }
  const files: Record<string, string> = {}
  for (const file of await yamlFiles(path)) {
    const text = await readText(file)
    if (fileKindOf(file, text) !== undefined) files[file] = text
  }
  return files
}

async function yamlFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = relative('', join(folder, entry.name))
    if (entry.isDirectory()) {
      const isSkipped = SKIPPED_FOLDERS.has(entry.name) || entry.name.startsWith('.')
      if (!isSkipped) found.push(...(await yamlFiles(path)))
    } else if (entry.isFile() && YAML.test(entry.name)) found.push(path)
  }
  return found
}

const PAINTS: Readonly<Record<Problem['severity'], Paint>> = {
  error: 'red',
  warning: 'yellow',
  info: 'cyan',
}

function problemLine(problem: Problem, terminal: Terminal): string {
  return paint(terminal, PAINTS[problem.severity], formatProblem(problem))
}

function summary(files: readonly string[], problems: readonly Problem[]): string {
  const count = (severity: Problem['severity'], word: string) => {
    const number = problems.filter((problem) => problem.severity === severity).length
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`]
  }
  const found = [
    ...count('error', 'error'),
    ...count('warning', 'warning'),
    ...count('info', 'note'),
  ]
  const checked = `${files.length} file${files.length === 1 ? '' : 's'} checked`
  return `${checked}: ${found.length === 0 ? 'nothing found' : found.join(', ')}`
}
