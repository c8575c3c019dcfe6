/** One thing that is wrong with a file, in the one form that CLI, API and logs show. */
export type Problem = {
  readonly severity: Severity
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** One sentence: what was found, what was expected. */
  readonly message: string
}

/** `error`: the file is not taken. `warning`: it is, and does not do what it seems to. `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info'

export type Position = { readonly line: number; readonly column: number }

export type FilePath = readonly (string | number)[]

/** `slo.yaml:3:5: message`, the form that editors and terminals make clickable. */
export function formatProblem(problem: Problem): string {
  const kind = problem.severity === 'error' ? '' : `${problem.severity}: `
  return `${problem.file}:${problem.line}:${problem.column}: ${kind}${problem.message}`
}
