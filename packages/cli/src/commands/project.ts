import { formatProblem } from '@tiphys/contract/problem.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import { confirmDeletion } from '../ask.ts'
import {
  deleteProject as removeProject,
  updateProject as sendChange,
  createProject as sendProject,
} from '../client/projects.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'
import { type GitOptions, gitCredentialsOf } from './git-options.ts'

type ProjectOptions = GlobalOptions & GitOptions & { readonly shipyard?: string }

export async function createProject(
  options: ProjectOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const gitCredentials = await gitCredentialsOf(options)
  if (options.shipyard === undefined && gitCredentials === undefined) {
    throw new CommandFailure('name its --shipyard, or a --git-remote-url that holds a project')
  }
  const shipyard = await checkedShipyard(options.shipyard)
  await sendProject(openClient(options), { name, shipyard, gitCredentials })
  printNote(`Project ${name} created.`)
  return undefined
}

export async function updateProject(
  options: ProjectOptions,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const gitCredentials = await gitCredentialsOf(options)
  if (options.shipyard === undefined && gitCredentials === undefined) {
    throw new CommandFailure('name a --shipyard, a --git-remote-url, or both')
  }
  const shipyard = await checkedShipyard(options.shipyard)
  await sendChange(openClient(options), { name, shipyard, gitCredentials })
  const rest =
    shipyard === undefined ? '.' : '; sequences under way keep the shipyard they began with.'
  printNote(`Project ${name} updated${rest}`)
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
async function checkedShipyard(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const text = await readText(path)
  const reading = readShipyardFile(text, path)
  const shown = reading.problems.filter((problem) => problem.severity !== 'info')
  for (const problem of shown) printNote(formatProblem(problem))
  if (!reading.ok) throw new CommandFailure(`${path} is not a valid shipyard; nothing was changed`)
  return text
}
