import { basename, isAbsolute, normalize } from 'node:path'
import { formatProblem, type Problem } from '@tiphys/contract/problem.ts'
import { fileKindOf } from '@tiphys/providers/file-kind.ts'
import { lintFileSet } from '@tiphys/providers/lint-file-set.ts'
import { getProject } from '../client/projects.ts'
import { type ResourcePlace, writeResources } from '../client/resources.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readBytes } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'

type Options = GlobalOptions & {
  readonly project: string
  readonly stage?: string
  readonly allStages?: boolean
  readonly service?: string
  readonly resource: string
  readonly resourceUri?: string
}

export async function addResource(options: Options): Promise<ExitCode | undefined> {
  const uri = uriOf(options)
  const content = await readBytes(options.resource)
  const client = openClient(options)
  const places =
    options.allStages === true
      ? (await getProject(client, options.project)).stages.map((stage) =>
          placeOf(options, stage.stageName),
        )
      : [placeOf(options, options.stage)]
  for (const place of places) {
    const commit = await writeResources(client, place, [{ uri, content }])
    printNote(`${uri} added to ${placeName(place)} (commit ${commit.slice(0, 8)}).`)
  }
  for (const problem of problemsOf(uri, content)) printNote(formatProblem(problem))
  return undefined
}

/** What the server takes because Keptn took it is in the project now; a typing mistake in it had better be known before it is met. */
function problemsOf(uri: string, content: Uint8Array): readonly Problem[] {
  const text = new TextDecoder().decode(content)
  if (fileKindOf(uri, text) === undefined) return []
  return lintFileSet({ [uri]: text }).filter(({ severity }) => severity !== 'info')
}

/**
 * Where the file goes in the project: as Keptn, the path as it was given. A path that leads out of this folder is the place of nothing
 * in a project, and a gate that looks for `slo.yaml` would pass without it.
 */
function uriOf({ resource, resourceUri }: Options): string {
  if (resourceUri !== undefined) return resourceUri
  const path = normalize(resource)
  if (isAbsolute(path) || path.startsWith('..')) {
    throw new CommandFailure(
      `${resource} lies outside this folder: say where it belongs in the project, like --resourceUri ${basename(resource)}`,
    )
  }
  return path
}

function placeOf(options: Options, stage: string | undefined): ResourcePlace {
  const { project, service } = options
  if (service !== undefined && stage === undefined) {
    throw new CommandFailure('a service lives in stages: add --stage <name> or --all-stages')
  }
  return {
    project,
    ...(stage === undefined ? {} : { stage }),
    ...(service === undefined ? {} : { service }),
  }
}

function placeName({ project, stage, service }: ResourcePlace): string {
  if (stage === undefined) return `project ${project}`
  const where = `stage ${stage} of project ${project}`
  return service === undefined ? where : `service ${service} in ${where}`
}
