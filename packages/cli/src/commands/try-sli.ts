import type { TriedSli, TrySliBody } from '@tiphys/contract/http/native-provider.ts'
import { singleLine } from '@tiphys/core/explanation/plain-text.ts'
import { trySli as askServer } from '../client/providers.ts'
import { openClient } from '../connection/open-client.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'

type Options = GlobalOptions & {
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly provider?: string
  readonly query?: string
  readonly aggregate?: TrySliBody['aggregate']
  readonly with?: Readonly<Record<string, string>>
  readonly start?: string
  readonly end?: string
  readonly timeframe?: string
  readonly labels: Readonly<Record<string, string>>
  readonly output?: DataFormat
}

/** What a provider says about one indicator now; 3 when it has no value. */
export async function trySli(
  options: Options,
  [indicator]: readonly string[],
): Promise<ExitCode | undefined> {
  const { project, stage, service, provider, query, aggregate, labels } = options
  if (indicator === undefined && query === undefined) {
    throw new CommandFailure('say an indicator of an sli.yaml, or --provider and --query')
  }
  const { start, end, timeframe, with: with_ = {} } = options
  const tried = await askServer(openClient(options), {
    project,
    stage,
    service,
    ...(indicator === undefined ? {} : { indicator }),
    ...(provider === undefined ? {} : { provider }),
    ...(query === undefined ? {} : { query }),
    ...(aggregate === undefined ? {} : { aggregate }),
    ...(Object.keys(with_).length === 0 ? {} : { with: with_ }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(timeframe === undefined ? {} : { timeframe }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  })
  printData(tried, options.output, () => textOf(tried))
  return tried.success ? EXIT.pass : EXIT.noVerdict
}

function textOf(tried: TriedSli): string {
  const { indicator, provider, window, value, unit, message, problem, query, link } = tried
  const what =
    value === null
      ? `no value: ${message ?? ''}${problem === undefined ? '' : ` (${problem})`}`
      : `${value}${unit === undefined ? '' : ` ${unit}`}`
  const { series, remarks, durationMs } = tried
  return [
    `${indicator}  ${singleLine(what)}`,
    `  asked   ${provider}, ${window.start} to ${window.end}, in ${durationMs} ms`,
    ...(query === undefined ? [] : [`  query   ${singleLine(query)}`]),
    ...(series === undefined ? [] : [`  made of ${series.points} points, ${series.of}`]),
    ...remarks.map((remark) => `  note    ${singleLine(remark)}`),
    ...(link === undefined ? [] : [`  look    ${singleLine(link)}`]),
  ].join('\n')
}
