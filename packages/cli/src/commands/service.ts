import { confirmDeletion } from '../ask.ts'
import { deleteService as removeService, createService as sendService } from '../client/projects.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'

type Options = GlobalOptions & { readonly project: string }

export async function createService(
  options: Options,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await sendService(openClient(options), options.project, name)
  printNote(`Service ${name} created in every stage of project ${options.project}.`)
  return undefined
}

export async function deleteService(
  options: Options,
  [name = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await confirmDeletion(`service ${name} of project ${options.project}`, options)
  await removeService(openClient(options), options.project, name)
  printNote(`Service ${name} deleted from project ${options.project}.`)
  return undefined
}
