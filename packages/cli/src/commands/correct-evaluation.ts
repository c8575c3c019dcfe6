import type { ListedEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import { correctEvaluation } from '../client/evaluations.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { userName } from '../user-name.ts'
import { chosenEvaluation, type EvaluationChoice } from './chosen-evaluation.ts'

type Options = GlobalOptions &
  EvaluationChoice & {
    readonly reason: string
    readonly as?: string
    readonly undo?: boolean
    readonly output?: DataFormat
  }

export function invalidate(options: Options, given: readonly string[]) {
  const done = options.undo === true ? 'counts again' : 'is no longer compared with'
  return correct('invalidation', options, given, done)
}

export function pin(options: Options, given: readonly string[]) {
  const done =
    options.undo === true
      ? 'is no longer the reference; the newest are compared with'
      : 'is the reference of its place'
  return correct('pin', options, given, done)
}

async function correct(
  what: 'invalidation' | 'pin',
  options: Options,
  [id]: readonly string[],
  done: string,
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  if (id !== undefined && options.keptnContext !== undefined) {
    throw new CommandFailure('an id and --keptn-context are two ways to say which evaluation')
  }
  const triggeredId = id ?? (await chosenEvaluation(client, options)).triggeredId
  const person = options.as ?? userName()
  const after = await correctEvaluation(client, triggeredId, what, {
    undo: options.undo === true,
    reason: options.reason,
    ...(person === undefined ? {} : { person }),
  })
  if (options.output !== undefined) printData(after, options.output, '')
  printNote(`The evaluation ${nameOf(after)} ${done}.`)
  return undefined
}

function nameOf({ triggeredId, stage, service, result }: ListedEvaluation): string {
  return `${triggeredId} (${service} in ${stage}, ${result})`
}
