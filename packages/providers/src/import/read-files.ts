import { ArgocdYaml } from '@tiphys/contract/argocd-yaml.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { SliFile } from '@tiphys/contract/sli.ts'
import { SloFile } from '@tiphys/contract/slo.ts'
import { lintTestsYaml } from '@tiphys/contract/tests-yaml.ts'
import { type Locate, parseYaml } from '@tiphys/contract/yaml-file.ts'
import type { Difference } from '@tiphys/core/import/difference.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import { serviceFileKind } from '@tiphys/core/import/service-files.ts'
import { shipyardDifferences } from '@tiphys/core/import/shipyard-differences.ts'
import { comparesWithEarlier, sloDifferences } from '@tiphys/core/import/slo-differences.ts'
import { lintShipyard } from '@tiphys/core/lint/shipyard.ts'
import { readProjectFile } from '../lint-files.ts'

/** What one file says for itself. `problems` have their place already, `differences` get it from `at`. */
export type FileReport = {
  readonly at: Locate
  readonly differences: readonly Difference[]
  readonly problems: readonly PlacedDifference[]
}

export type PlacedDifference = {
  readonly difference: Omit<Difference, 'path'>
  readonly line: number
  readonly column: number
  /** The server would not take the file. */
  readonly refused: boolean
}

export type ReadShipyard =
  | { readonly ok: true; readonly shipyard: Shipyard; readonly report: FileReport }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const TOP: Locate = () => ({ line: 1, column: 1 })

/** Findings of lint that are no news for somebody whose Keptn did the same, and that no difference tells better. */
const TOLD_BY_LINT = new Set([
  'name-with-dot',
  'sequence-name-twice',
  'sequence-without-tasks',
  'trigger-loop',
  'api-version-without-group',
])

export function readShipyard(text: string, file: string): ReadShipyard {
  const parsed = parseYaml(Shipyard, text, file, { unknownKeys: 'warn' })
  if (!parsed.ok) return isOfKeptn07(text) ? { ok: false, problems: [ofKeptn07(file)] } : parsed
  const linted = lintShipyard(parsed.value).flatMap(({ severity, code, path, message }) => {
    const refused = severity === 'error'
    if (!refused && !TOLD_BY_LINT.has(code)) return []
    const difference = refused
      ? refusal(code, message, 'Keptn checked this when a project was created, and not later.')
      : asBefore(code, `${sentence(message)}`)
    return [{ difference, ...parsed.at(path), refused }]
  })
  return {
    ok: true,
    shipyard: parsed.value,
    report: {
      at: parsed.at,
      differences: shipyardDifferences(parsed.value),
      problems: [...linted, ...unknownKeys(parsed.warnings)],
    },
  }
}

/** `stages:` at the top, with `test_strategy` and the like: Keptn 0.8 and newer did not read it either. */
function isOfKeptn07(text: string): boolean {
  return /^stages:/m.test(text) && !/^spec:/m.test(text)
}

function ofKeptn07(file: string): Problem {
  const message =
    'this is a shipyard of Keptn 0.7 or older, which Keptn 1 did not read either; write apiVersion spec.keptn.sh/0.2.3 with sequences and tasks'
  return { severity: 'error', file, line: 1, column: 1, message }
}

/** What an slo.yaml, an sli.yaml or a file of ours says for itself; undefined for other kinds. */
export function readFileReport(
  file: ImportedFile,
  text: string,
  stages: readonly string[],
): FileReport | undefined {
  const kind = serviceFileKind(file.uri)
  if (kind === 'slo') return file.place.level === 'service' ? sloReport(file, text) : undefined
  if (kind === 'sli') return sliReport(file, text)
  const problems = ownProblems(kind, file, text, stages)
  if (problems === undefined) return undefined
  const refusals = problems
    .filter(({ severity }) => severity === 'error')
    .map(({ line, column, message }) => ({
      difference: refusal('own-file-invalid', message, 'This is a file of Tiphys.'),
      line,
      column,
      refused: true,
    }))
  return { at: TOP, differences: [], problems: refusals }
}

/** Whether an slo.yaml has criteria that look at earlier evaluations. */
export function isComparing(text: string, file: string): boolean {
  const parsed = parseYaml(SloFile, text, file, { unknownKeys: 'warn' })
  return parsed.ok && comparesWithEarlier(parsed.value)
}

function sloReport(file: ImportedFile, text: string): FileReport {
  if (text === '') {
    const difference = asBefore('slo-empty', 'An empty slo.yaml counted as none.')
    return {
      at: TOP,
      differences: [],
      problems: [{ difference, line: 1, column: 1, refused: false }],
    }
  }
  const parsed = parseYaml(SloFile, text, file.path, { unknownKeys: 'warn' })
  if (!parsed.ok) return { at: TOP, differences: [], problems: unreadable('slo', parsed.problems) }
  return {
    at: parsed.at,
    differences: sloDifferences(parsed.value),
    problems: unknownKeys(parsed.warnings),
  }
}

function sliReport(file: ImportedFile, text: string): FileReport {
  const parsed = parseYaml(SliFile, text, file.path, { unknownKeys: 'warn' })
  if (!parsed.ok) return { at: TOP, differences: [], problems: unreadable('sli', parsed.problems) }
  return { at: parsed.at, differences: [], problems: unknownKeys(parsed.warnings) }
}

function ownProblems(
  kind: string,
  { path }: ImportedFile,
  text: string,
  stages: readonly string[],
): readonly Problem[] | undefined {
  switch (kind) {
    case 'project':
      return readProjectFile(text, path, stages).problems
    case 'tests':
      return lintTestsYaml(text, path)
    case 'argocd': {
      const parsed = parseYaml(ArgocdYaml, text, path, { unknownKeys: 'error' })
      return parsed.ok ? parsed.warnings : parsed.problems
    }
    default:
      return undefined
  }
}

/** The server keeps such a file, and the evaluation that meets it ends errored. */
function unreadable(kind: 'slo' | 'sli', problems: readonly Problem[]): PlacedDifference[] {
  return problems
    .filter(({ severity }) => severity === 'error')
    .map(({ line, column, message }) => ({
      difference: {
        severity: 'error',
        code: `${kind}-unreadable`,
        was: 'What Keptn could not read ended the evaluation with an error; its reader took some files that ours does not.',
        now: `Evaluations that need it end errored: ${message}.`,
        todo: 'Mend the file.',
      },
      line,
      column,
      refused: false,
    }))
}

function unknownKeys(warnings: readonly Problem[]): PlacedDifference[] {
  return warnings.map(({ line, column, message }) => ({
    difference: asBefore('key-unknown', `${sentence(message)} It was ignored.`),
    line,
    column,
    refused: false,
  }))
}

function refusal(code: string, message: string, was: string): Omit<Difference, 'path'> {
  return {
    severity: 'error',
    code,
    was,
    now: `The file is refused: ${message}.`,
    todo: 'Mend the file.',
  }
}

function asBefore(code: string, was: string): Omit<Difference, 'path'> {
  return { severity: 'info', code, was, now: 'The same.' }
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
}
