import type { Problem } from '@tiphys/contract/problem.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where the offline gate takes everything from; file names as the user wrote them. */
export type GateSource = {
  readonly slo: string
  /** Measured values in a file … */
  readonly values?: string | undefined
  /** … or queries, `sli.yaml` or `<provider>/sli.yaml` or `<provider>=<file>`, the more special one later. */
  readonly sli?: readonly string[] | undefined
  /** A connection of this kind to `url`, or the name of one in `connections`. */
  readonly provider?: string | undefined
  readonly url?: string | undefined
  /** A file with `providers:` as in tiphys.yaml. */
  readonly connections?: string | undefined
  /** Files that test tools wrote, as `junit:report.xml`: the provider `test-results`. */
  readonly testResults?: readonly string[] | undefined
  readonly start?: string | undefined
  readonly end?: string | undefined
  readonly timeframe?: string | undefined
  /** Earlier evaluations, newest first. */
  readonly previous?: string | undefined
  /** A file or folder that keeps evaluations: what is compared with, and where this one is added. */
  readonly history?: string | undefined
  /** False: the history is read only. */
  readonly record?: boolean | undefined
  /** For placeholders of queries, for the sentence of the report, and for whose history is compared. */
  readonly project?: string | undefined
  readonly stage?: string | undefined
  readonly service?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly bearerToken?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** For `…Env` in the file of connections. */
  readonly environment?: Environment | undefined
  /** How a file is read; from the disk by default. */
  readonly readText?: (file: string) => Promise<string>
}

/** Wrong use, or a file that is not what it should be: nothing was asked, nothing is evaluated. */
export class InputProblem extends Error {
  override name = 'InputProblem'
  readonly problems: readonly Problem[]
  readonly complaint: string | null

  constructor(found: { problems?: readonly Problem[]; complaint?: string }) {
    super(found.complaint ?? 'a file is not valid')
    this.problems = found.problems ?? []
    this.complaint = found.complaint ?? null
  }
}
