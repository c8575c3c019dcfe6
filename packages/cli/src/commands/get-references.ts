import type { EvaluationReference } from '@tiphys/contract/http/native-evaluation.ts'
import { singleLine } from '@tiphys/core/explanation/plain-text.ts'
import { listReferences } from '../client/evaluations.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { table } from '../output/table.ts'
import { formatTime } from '../output/time.ts'

/** The pinned evaluations of a project, and why one does not count. */
export async function getReferences(
  options: GlobalOptions & {
    readonly project: string
    readonly stage?: string
    readonly service?: string
    readonly output?: DataFormat
  },
): Promise<ExitCode | undefined> {
  const { project, stage, service, output } = options
  const references = await listReferences(openClient(options), {
    project,
    ...(stage === undefined ? {} : { stage }),
    ...(service === undefined ? {} : { service }),
  })
  printData({ references }, output, () =>
    references.length === 0
      ? `No evaluation of project ${project} is pinned: the newest ones are compared with.`
      : table(
          ['PINNED', 'STAGE', 'SERVICE', 'RESULT', 'SCORE', 'BY', 'REASON', 'EVALUATION', 'NOTE'],
          references.map(rowOf),
        ),
  )
  return undefined
}

function rowOf(one: EvaluationReference): string[] {
  const { pinned, evaluation } = one
  const score = evaluation?.summary?.score
  return [
    formatTime(new Date(pinned.at)),
    one.stage,
    one.service,
    evaluation?.result ?? '',
    score === undefined ? '' : String(Number(score.toFixed(1))),
    singleLine(pinned.person ?? pinned.by),
    singleLine(pinned.reason),
    one.triggeredId,
    one.problem === undefined ? '' : singleLine(`does not count: ${one.problem}`),
  ]
}
