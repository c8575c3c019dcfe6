import type { StoredEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import { readContext } from '../client/contexts.ts'
import { listEvaluations, readEvaluation } from '../client/evaluations.ts'
import type { HttpClient } from '../client/http-client.ts'
import { CommandFailure } from '../failure.ts'

export type Place = {
  readonly project?: string
  readonly stage?: string
  readonly service?: string
}

export type EvaluationChoice = Place & {
  /** Of its `evaluation.triggered` event. */
  readonly id?: string | undefined
  readonly keptnContext?: string
}

const EVALUATION = 'evaluation'

/** The evaluation that is named, the last of a context, or the newest of a project, stage, service. */
export function chosenEvaluation(
  client: HttpClient,
  choice: EvaluationChoice,
): Promise<StoredEvaluation> {
  if (choice.id !== undefined) return readEvaluation(client, choice.id)
  return choice.keptnContext === undefined
    ? newest(client, choice)
    : lastOfContext(client, choice.keptnContext, choice)
}

/** The newest of a project, stage, service. */
async function newest(client: HttpClient, place: Place): Promise<StoredEvaluation> {
  const [evaluation] = await listEvaluations(client, inProject(place), 1)
  if (evaluation === undefined) {
    throw new CommandFailure(`nothing was evaluated yet ${whereText(place)}`)
  }
  // Lists leave the report out.
  return readEvaluation(client, evaluation.triggeredId)
}

/** The last that a context evaluated. */
async function lastOfContext(
  client: HttpClient,
  context: string,
  place: Place,
): Promise<StoredEvaluation> {
  const { runs } = await readContext(client, context, place.project)
  const ids = runs
    .filter((run) => place.stage === undefined || run.stage === place.stage)
    .filter((run) => place.service === undefined || run.service === place.service)
    .flatMap((run) => run.tasks)
    .filter((task) => task.name === EVALUATION && task.state === 'done')
    .flatMap((task) => task.triggeredId ?? [])
  const last = ids.at(-1)
  if (last === undefined) {
    throw new CommandFailure(`nothing was evaluated yet under the context ${context}`)
  }
  return readEvaluation(client, last)
}

export function inProject(place: Place): Place & { readonly project: string } {
  const { project, stage, service } = place
  if (project === undefined) {
    throw new CommandFailure('say which evaluation: --keptn-context <id> or --project <name>')
  }
  return {
    project,
    ...(stage === undefined ? {} : { stage }),
    ...(service === undefined ? {} : { service }),
  }
}

export function whereText({ project, stage, service }: Place): string {
  const parts = [
    service === undefined ? '' : `for service ${service}`,
    stage === undefined ? '' : `in stage ${stage}`,
    project === undefined ? '' : `of project ${project}`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}
