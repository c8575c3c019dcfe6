import type { ExpandedProject } from '@tiphys/contract/http/keptn-project.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import { ServerRefusedError } from '../client/errors.ts'
import type { HttpClient } from '../client/http-client.ts'
import { getProject, servicesOf } from '../client/projects.ts'
import { CommandFailure } from '../failure.ts'

/** What a sequence is triggered for. */
export type Target = {
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
}

type Wanted = Omit<Target, 'stage'> & { readonly stage?: string }

const FORBIDDEN = 403
/** Can be triggered in every stage, also where the shipyard does not name it. */
const IMPLICIT_SEQUENCE = 'evaluation'

/**
 * Fills in the stage (the first one, as Keptn does) and checks the names before anything is sent: the server takes an event for
 * something that does not exist and ends it errored, which helps nobody at a terminal.
 */
export async function resolveTarget(client: HttpClient, wanted: Wanted): Promise<Target> {
  const project = await readableProject(client, wanted)
  if (project === undefined) {
    if (wanted.stage !== undefined) return { ...wanted, stage: wanted.stage }
    throw new CommandFailure(
      'this token may not read the project, so the first stage is not known: add --stage <name>',
    )
  }
  const stages = project.stages.map((stage) => stage.stageName)
  const stage = wanted.stage ?? stages[0]
  if (stage === undefined) throw new CommandFailure(`project ${wanted.project} has no stages`)
  checkName(`stage`, stage, stages, `project ${wanted.project}`)
  checkName('service', wanted.service, servicesOf(project), `project ${wanted.project}`)
  checkName('sequence', wanted.sequence, sequencesOf(project, stage), `stage ${stage}`)
  return { ...wanted, stage }
}

/** Undefined for a token that may trigger and not read. */
async function readableProject(
  client: HttpClient,
  wanted: Wanted,
): Promise<ExpandedProject | undefined> {
  try {
    return await getProject(client, wanted.project)
  } catch (error) {
    if (error instanceof ServerRefusedError && error.status === FORBIDDEN) return undefined
    throw error
  }
}

/** Undefined where the shipyard cannot be read: then the server has the last word. */
function sequencesOf(project: ExpandedProject, stage: string): string[] | undefined {
  const reading = readShipyardFile(project.shipyard, 'shipyard.yaml')
  if (!reading.ok) return undefined
  const found = reading.value.spec.stages.find((one) => one.name === stage)
  const names = (found?.sequences ?? []).map((sequence) => sequence.name)
  return [...new Set([...names, IMPLICIT_SEQUENCE])]
}

export function checkName(
  kind: string,
  name: string,
  known: readonly string[] | undefined,
  owner: string,
): void {
  if (known === undefined || known.includes(name)) return
  const meant = didYouMean(name, known)
  const list = known.length === 0 ? `it has no ${kind}s` : `it has ${known.join(', ')}`
  const hint = meant === undefined ? list : `did you mean ${meant}?`
  throw new CommandFailure(`${owner} has no ${kind} ${name}; ${hint}`)
}
