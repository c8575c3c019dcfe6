import type { ImportFinding, ImportReport, ImportSeverity } from '@tiphys/contract/import-report.ts'
import { type Paint, paint, type Terminal } from '../output/terminal.ts'

/** The report as people read it: what hurts first, equal findings once with all their places. */
export function renderReport(report: ImportReport, terminal: Terminal): string {
  const safe = withoutControls(report)
  return [
    ...head(safe, terminal),
    ...SECTIONS.flatMap((section) => renderSection(section, safe, terminal)),
    ...unchanged(safe, terminal),
  ].join('\n')
}

/** Names and texts come from somebody's repository: what moves the cursor or colours the terminal is not passed on. */
function withoutControls(report: ImportReport): ImportReport {
  const clean = (_: string, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?') : value
  return JSON.parse(JSON.stringify(report), clean) as ImportReport
}

type Section = { readonly severity: ImportSeverity; readonly title: string; readonly paint: Paint }

const SECTIONS: readonly Section[] = [
  { severity: 'error', title: 'Does not work as it stands', paint: 'red' },
  { severity: 'changes', title: 'Works, and behaves differently', paint: 'yellow' },
  { severity: 'info', title: 'Good to know', paint: 'cyan' },
]

const MAX_WIDTH = 110
const MIN_WIDTH = 60
const SHOWN_COMMIT_CHARACTERS = 8
/** A chart's hundred files, or one sentence about thirty services, must not bury the next finding. */
const MAX_SHOWN_PLACES = 5

function head({ source, project, stages, services, files }: ImportReport, terminal: Terminal) {
  const how = source.layout === 'directories' ? 'folders for stages' : 'a branch for each stage'
  const where =
    source.branch === undefined
      ? how
      : `branch ${source.branch} at ${source.commit?.slice(0, SHOWN_COMMIT_CHARACTERS)}, ${how}`
  const counts = [named(stages, 'stage'), named(services, 'service'), plural(files.count, 'file')]
  return [
    `${paint(terminal, 'bold', project ?? 'A Keptn project')} in ${source.name} (${where})`,
    counts.join(' · '),
  ]
}

const MAX_NAMED = 6

function named(names: readonly string[], word: string): string {
  const some = names.slice(0, MAX_NAMED).join(', ')
  const more = names.length > MAX_NAMED ? ', …' : ''
  return names.length === 0 ? `no ${word}s` : `${plural(names.length, word)}: ${some}${more}`
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

function renderSection(section: Section, report: ImportReport, terminal: Terminal): string[] {
  const findings = report.findings.filter(({ severity }) => severity === section.severity)
  if (findings.length === 0) return []
  const groups = [
    ...Map.groupBy(findings, ({ code, now, todo }) => `${code}\n${now}\n${todo}`).values(),
  ]
  const title = `${section.title} (${findings.length})`
  return [
    '',
    paint(terminal, section.paint, title),
    ...groups.flatMap((group) => renderGroup(group, report.source.branch, section, terminal)),
  ]
}

function renderGroup(
  group: readonly ImportFinding[],
  mainBranch: string | undefined,
  section: Section,
  terminal: Terminal,
): string[] {
  const [first] = group
  if (first === undefined) return []
  const places = group.slice(0, MAX_SHOWN_PLACES).map((one) => {
    const place = paint(terminal, section.paint, placeOf(one, mainBranch))
    return one.subject === undefined ? place : `${place}  ${one.subject}`
  })
  const more = group.length - places.length
  const was = [...new Set(group.map((one) => one.was))]
  const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, terminal.columns))
  const line = (label: string, text: string) =>
    wrap(text, width - INDENT).map((words, index) =>
      `${' '.repeat(4)}${paint(terminal, 'dim', (index === 0 ? label : '').padEnd(LABEL))}${words}`.trimEnd(),
    )
  return [
    '',
    ...places.map((place) => `  ${place}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...was.slice(0, MAX_SHOWN_PLACES).flatMap((text) => line('Keptn:', text)),
    ...(was.length > MAX_SHOWN_PLACES ? line('', '…') : []),
    ...line('here:', first.now),
    ...(first.todo === undefined ? [] : line('to do:', first.todo)),
  ]
}

const LABEL = 7
const INDENT = 4 + LABEL

/** `dev:carts/slo.yaml:3:5`; the branch is left out where it is the project's own. */
export function placeOf(finding: ImportFinding, mainBranch: string | undefined): string {
  const { file, branch, line, column, refused } = finding
  if (file === undefined) return 'the project'
  const on = branch === undefined || branch === mainBranch ? '' : `${branch}:`
  return `${on}${file}:${line}:${column}${refused ? ' (refused)' : ''}`
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function unchanged({ unchanged: counts }: ImportReport, terminal: Terminal): string[] {
  if (counts.length === 0) return []
  const all = counts.map(({ what, count, of }) => `${count} of ${of} ${what}`)
  return ['', paint(terminal, 'green', 'Works as it is'), `  ${all.join(' · ')}`]
}
