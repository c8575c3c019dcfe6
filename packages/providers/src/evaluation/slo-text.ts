import { formatProblem, type Problem } from '@tiphys/contract/problem.ts'
import { SliFile } from '@tiphys/contract/sli.ts'
import { SloFile } from '@tiphys/contract/slo.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import { bySeverity } from '@tiphys/core/lint/finding.ts'
import { mergeSli, type SliQueries } from '@tiphys/core/slo/sli.ts'
import { normaliseSlo, type Slo } from '@tiphys/core/slo/slo.ts'
import { lintSlo, type SloFinding } from '@tiphys/core/slo/slo-lint.ts'
import { locateAll } from '../lint-files.ts'

/** A file with the name by which people know it: `staging/carts/slo.yaml`. */
export type NamedText = { readonly file: string; readonly text: string }

export type ReadSlo =
  | {
      readonly ok: true
      readonly slo: Slo
      /** What Keptn took and nobody understands. */
      readonly warnings: readonly Problem[]
      /** Everything lint has to say, errors first. */
      readonly findings: readonly Problem[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** An slo.yaml with its defaults. What cannot be evaluated (criteria, total score) is in `findings`, with its place. */
export function readSlo({ file, text }: NamedText): ReadSlo {
  const parsed = parseYaml(SloFile, text, file, { unknownKeys: 'warn' })
  if (!parsed.ok) return parsed
  const slo = normaliseSlo(parsed.value)
  const findings = locateAll(bySeverity(lintSlo(slo).map(stricter)), file, parsed.at)
  return { ok: true, slo, warnings: parsed.warnings, findings }
}

/** Keptn evaluated such a file, to the same result every time, and so does a server; whoever writes one is told before. */
function stricter(finding: SloFinding): SloFinding {
  return finding.code === 'total-score-impossible' ? { ...finding, severity: 'error' } : finding
}

/** Everything there is to say about an slo.yaml, errors first. */
export function lintSloFile(text: string, file: string): readonly Problem[] {
  const read = readSlo({ file, text })
  if (!read.ok) return read.problems
  const errors = read.findings.filter((problem) => problem.severity === 'error')
  const rest = read.findings.filter((problem) => problem.severity !== 'error')
  return [...errors, ...read.warnings, ...rest]
}

/** Everything there is to say about one `<provider>/sli.yaml`. */
export function lintSliFile(text: string, file: string): readonly Problem[] {
  const parsed = parseYaml(SliFile, text, file, { unknownKeys: 'warn' })
  if (!parsed.ok) return parsed.problems
  const indicators = Object.entries(parsed.value.indicators ?? {})
  if (indicators.length === 0) {
    const message = 'there are no indicators, so only built-in ones have a value'
    return [
      ...parsed.warnings,
      { severity: 'warning', file, ...parsed.at(['indicators']), message },
    ]
  }
  const empty = indicators.filter(([, indicator]) => !indicator?.query?.trim())
  const found = empty.map(([name]): Problem => {
    const message = `indicator ${name} has no query`
    return { severity: 'warning', file, ...parsed.at(['indicators', name]), message }
  })
  return [...parsed.warnings, ...found]
}

export type ReadSli =
  | {
      readonly ok: true
      readonly queries: SliQueries
      readonly warnings: readonly Problem[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** The sli.yaml files of one provider, least special first, as one set of queries. */
export function readSli(files: readonly NamedText[]): ReadSli {
  const parsed = files.map(({ file, text }) =>
    parseYaml(SliFile, text, file, { unknownKeys: 'warn' }),
  )
  const problems = parsed.flatMap((result) => (result.ok ? [] : result.problems))
  if (problems.length > 0) return { ok: false, problems }
  const read = parsed.flatMap((result) => (result.ok ? [result] : []))
  return {
    ok: true,
    queries: mergeSli(read.map((result) => result.value)),
    warnings: read.flatMap((result) => result.warnings),
  }
}

export type ReadSliFiles =
  | {
      readonly ok: true
      /** By provider. */
      readonly queries: Readonly<Record<string, SliQueries>>
      readonly warnings: readonly Problem[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** The sli.yaml files of every provider, each provider's least special first. */
export function readSliFiles(files: Readonly<Record<string, readonly NamedText[]>>): ReadSliFiles {
  const read = Object.entries(files).map(([provider, texts]) => [provider, readSli(texts)] as const)
  const problems = read.flatMap(([, one]) => (one.ok ? [] : one.problems))
  if (problems.length > 0) return { ok: false, problems }
  const good = read.flatMap(([provider, one]) => (one.ok ? [{ provider, ...one }] : []))
  return {
    ok: true,
    queries: Object.fromEntries(good.map(({ provider, queries }) => [provider, queries])),
    warnings: good.flatMap(({ warnings }) => warnings),
  }
}

/** The first problem, and how many more there are. */
export function firstProblem(problems: readonly Problem[]): string {
  const [first, ...others] = problems
  if (first === undefined) return 'it cannot be read'
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${formatProblem(first)}${more}`
}
