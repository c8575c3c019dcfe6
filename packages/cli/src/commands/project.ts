import { formatProblem } from '@tiphys/contract/problem.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import { confirmDeletion } from '../ask.ts'
import {
  deleteProject as removeProject,
  createProject as sendProject,
  updateProject as sendShipyard,
} from '../client/projects.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'

type ShipyardOptions = GlobalOptions & {
  readonly shipyard: string
  /** Keptn's flag for an upstream repository. */
  readonly gitRemoteUrl?: string
}

export async function createProject(
  options: ShipyardOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  refuseUpstream(options)
  const shipyard = await checkedShipyard(options.shipyard)
  await sendProject(openClient(options), { name, shipyard })
  printNote(`Project ${name} created.`)
  return undefined
}

export async function updateProject(
  options: ShipyardOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  refuseUpstream(options)
  const shipyard = await checkedShipyard(options.shipyard)
  await sendShipyard(openClient(options), { name, shipyard })
  printNote(`Project ${name} updated; sequences under way keep the shipyard they began with.`)
  return undefined
}

export async function deleteProject(
  options: GlobalOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await confirmDeletion(`project ${name} with its sequences, events and files`, options)
  await removeProject(openClient(options), name)
  printNote(`Project ${name} deleted.`)
  return undefined
}

/** What the server would refuse is refused here, with the place in the file as the user calls it. */
async function checkedShipyard(path: string): Promise<string> {
  const text = await readText(path)
  const reading = readShipyardFile(text, path)
  const shown = reading.problems.filter((problem) => problem.severity !== 'info')
  for (const problem of shown) printNote(formatProblem(problem))
  if (!reading.ok) throw new CommandFailure(`${path} is not a valid shipyard; nothing was changed`)
  return text
}

function refuseUpstream(options: ShipyardOptions): void {
  if (options.gitRemoteUrl === undefined) return
  throw new CommandFailure(
    'a Git upstream is not supported yet; leave out --git-remote-url and the project gets an embedded repository',
  )
}
