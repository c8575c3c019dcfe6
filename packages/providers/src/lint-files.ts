/**
 * Reading and linting a file in one step, at file:line:column. It stands here because core never parses and contract knows no
 * rules: this is the lowest place that may use both, and server and CLI can import it.
 */
import type { FilePath, Problem } from '@tiphys/contract/problem.ts'
import { ProjectYaml } from '@tiphys/contract/project-yaml.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { type Locate, parseYaml } from '@tiphys/contract/yaml-file.ts'
import { bySeverity, type Finding } from '@tiphys/core/lint/finding.ts'
import { lintProject } from '@tiphys/core/lint/project.ts'
import { lintShipyard } from '@tiphys/core/lint/shipyard.ts'
import { freezeProblems } from './freeze/freeze-window.ts'

/** `problems` may hold warnings either way; there is a value only when none of them is an error. */
export type FileReading<T> =
  | { readonly ok: true; readonly value: T; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Errors are exactly what Keptn v1 refused at project create; unknown keys and what else it took are warnings. */
export function readShipyardFile(text: string, file: string): FileReading<Shipyard> {
  const parsed = parseYaml(Shipyard, text, file, { unknownKeys: 'warn' })
  if (!parsed.ok) return parsed
  return reading(
    parsed.value,
    parsed.warnings,
    locateAll(lintShipyard(parsed.value), file, parsed.at),
  )
}

export function lintShipyardFile(text: string, file: string): readonly Problem[] {
  return readShipyardFile(text, file).problems
}

/** @param stages those of the project's shipyard, where there is one to compare with. */
export function readProjectFile(
  text: string,
  file: string,
  stages?: readonly string[],
): FileReading<ProjectYaml> {
  const parsed = parseYaml(ProjectYaml, text, file, { unknownKeys: 'error' })
  if (!parsed.ok) return parsed
  const findings = [...lintProject(parsed.value, stages), ...lintFreezes(parsed.value)]
  return reading(parsed.value, parsed.warnings, locateAll(findings, file, parsed.at))
}

function lintFreezes({ freezes }: ProjectYaml): Finding[] {
  return (freezes ?? []).flatMap((freeze, index) =>
    freezeProblems(freeze).map(({ key, message }) => ({
      severity: 'error' as const,
      code: 'freeze-invalid',
      path: ['freezes', index, key],
      message,
    })),
  )
}

function reading<T>(
  value: T,
  warnings: readonly Problem[],
  found: readonly Problem[],
): FileReading<T> {
  const problems = bySeverity([...warnings, ...found])
  if (problems.some((problem) => problem.severity === 'error')) return { ok: false, problems }
  return { ok: true, value, problems }
}

type Placed = Omit<Finding, 'code'> & { readonly path: FilePath }

/** Findings of core with their line and column. */
export function locateAll(findings: readonly Placed[], file: string, at: Locate): Problem[] {
  return findings.map(({ severity, path, message }) => ({ severity, file, ...at(path), message }))
}
