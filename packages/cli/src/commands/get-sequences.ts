import type { SequenceState } from '@tiphys/contract/http/keptn-sequence.ts'
import type { HttpClient } from '../client/http-client.ts'
import { listProjects } from '../client/projects.ts'
import { listSequences } from '../client/sequences.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { table } from '../output/table.ts'
import { paintWord, type Terminal, terminalOf } from '../output/terminal.ts'
import { formatTime } from '../output/time.ts'
import { oneLine } from '../wait/timeline.ts'

type Options = GlobalOptions & {
  readonly project?: string
  readonly keptnContext?: string
  readonly sequence?: string
  readonly state?: string
  readonly limit: number
  readonly output?: DataFormat
}

/** Newest first; without a project those of every project. */
export async function getSequences(options: Options): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const states = await fetchStates(client, options)
  const terminal = terminalOf(options)
  printData({ states }, options.output, () =>
    states.length === 0 ? 'No sequences.' : sequenceTable(states, terminal),
  )
  return undefined
}

async function fetchStates(client: HttpClient, options: Options): Promise<SequenceState[]> {
  const filter = {
    ...(options.keptnContext === undefined ? {} : { keptnContext: options.keptnContext }),
    ...(options.sequence === undefined ? {} : { name: options.sequence }),
    ...(options.state === undefined ? {} : { state: options.state }),
  }
  const projects =
    options.project === undefined
      ? (await listProjects(client)).map((project) => project.projectName)
      : [options.project]
  const states: SequenceState[] = []
  for (const project of projects) {
    states.push(...(await listSequences(client, project, filter, options.limit)))
  }
  return states
    .toSorted((left, right) => right.time.localeCompare(left.time))
    .slice(0, options.limit)
}

function sequenceTable(states: readonly SequenceState[], terminal: Terminal): string {
  return table(
    ['TRIGGERED', 'PROJECT', 'SERVICE', 'SEQUENCE', 'STATE', 'STAGES', 'CONTEXT', 'WAITS FOR'],
    states.map((state) => [
      formatTime(new Date(state.time)),
      state.project,
      state.service,
      state.name,
      paintWord(terminal, state.state),
      state.stages.map((stage) => stageText(stage, terminal)).join(' '),
      state.shkeptncontext,
      waitText(state),
    ]),
  )
}

/** The first reason in full would break the table; `tiphys why` says all of them. */
const MAX_WAIT_CHARACTERS = 60

function waitText({ waiting = [] }: SequenceState): string {
  const [first, ...others] = waiting
  if (first === undefined) return ''
  const text = oneLine(first.message)
  const cut =
    text.length > MAX_WAIT_CHARACTERS ? `${text.slice(0, MAX_WAIT_CHARACTERS - 1)}…` : text
  return others.length === 0 ? cut : `${cut} (+${others.length})`
}

/** `staging:fail(42.5)`: how far a context got, and what its evaluations said. */
function stageText(stage: SequenceState['stages'][number], terminal: Terminal): string {
  const evaluation = stage.latestEvaluation
  if (evaluation === undefined) return `${stage.name}:${paintWord(terminal, stage.state)}`
  const score = Number(evaluation.score.toFixed(1))
  return `${stage.name}:${paintWord(terminal, evaluation.result)}(${score})`
}
