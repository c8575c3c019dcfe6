import type { ImportOutput, ImportReport } from '@tiphys/contract/import-report.ts'
import { importReport } from '@tiphys/providers/import/import-report.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { applyProject } from '../import/apply-project.ts'
import { openSource, type SourceFlags } from '../import/open-source.ts'
import { type ReadProject, readProject } from '../import/read-project.ts'
import { renderApplied } from '../import/render-applied.ts'
import { renderReport } from '../import/render-report.ts'
import type { Source } from '../import/source.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { terminalOf } from '../output/terminal.ts'

type Options = GlobalOptions &
  SourceFlags & {
    readonly output?: DataFormat | 'text'
    readonly failOn?: 'error' | 'warning'
    readonly apply?: boolean
    readonly project?: string
    readonly overwrite?: boolean
  }

/** What a Keptn project does otherwise here; with `--apply` the project is created from it too. */
export async function importProject(
  options: Options,
  [place = '.']: readonly string[],
): Promise<ExitCode | undefined> {
  if (options.apply !== true) refuseWithoutApply(options)
  const interrupt = new AbortController()
  const onSignal = () => interrupt.abort(new CommandFailure('interrupted', EXIT.noVerdict))
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    await using source = await openSource(place, options, interrupt.signal)
    return await importFrom(source, place, options)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

async function importFrom(source: Source, place: string, options: Options): Promise<ExitCode> {
  const read = await readProject(source)
  const report = importReport(read.repository, read.shipyard)
  const refused = report.findings.filter((one) => one.refused)
  if (options.apply !== true || refused.length > 0) {
    print(report, options, () => closing(report, place, options))
    return exitCodeOf(report, options)
  }
  const applied = await applyProject(source, read, projectNameOf(options, read), options)
  print({ ...report, applied }, options, () => renderApplied(applied))
  return applied.filesDifferent.length > 0 ? EXIT.fail : exitCodeOf(report, options)
}

function print(output: ImportOutput, options: Options, more: () => string): void {
  const format = options.output === 'text' ? undefined : options.output
  printData(output, format, () => `${renderReport(output, terminalOf(options))}\n\n${more()}`)
}

function refuseWithoutApply({ project, overwrite }: Options): void {
  if (project === undefined && overwrite === undefined) return
  const flag = project === undefined ? '--overwrite' : '--project'
  throw new CommandFailure(`${flag} is for --apply; without it nothing is created`)
}

function projectNameOf(options: Options, { repository }: ReadProject): string {
  const name = options.project ?? repository.project
  if (name !== undefined) return name
  throw new CommandFailure('metadata.yaml names no project: add --project NAME')
}

/** The last lines: what was not done, and how to go on. */
function closing(report: ImportReport, place: string, options: Options): string {
  if (report.findings.some((one) => one.refused)) {
    const sentence = 'Nothing was created: the server would refuse what is marked (refused).'
    return options.apply === true ? sentence : 'The server would refuse what is marked (refused).'
  }
  const name = report.project ?? 'NAME'
  const url = isUrl(place) ? place : '<its URL>'
  return [
    'Nothing was changed. To create the project on a server:',
    `  tiphys import ${place} --apply --project ${name}`,
    ...(report.source.commit === undefined
      ? []
      : [
          'Or to keep this repository as it is, as the upstream of the project:',
          `  tiphys create project ${name} --git-remote-url ${url}`,
        ]),
  ].join('\n')
}

function isUrl(place: string): boolean {
  return /^(https?|ssh):\/\/|^[\w.-]+@[\w.-]+:/i.test(place)
}

/** Refused files are wrong use; findings are a reason to fail only for those who say so. */
function exitCodeOf({ findings }: ImportReport, { failOn }: Options): ExitCode {
  if (findings.some((one) => one.refused)) return EXIT.usage
  const limits = { error: ['error'], warning: ['error', 'changes'] }
  const limit = failOn === undefined ? [] : limits[failOn]
  const failing = findings.filter(({ severity }) => limit.includes(severity))
  if (failing.length === 0) return EXIT.pass
  printNote(`${failing.length} findings, and --fail-on ${failOn} was asked for.`)
  return EXIT.fail
}
