import type {
  ExpandedProject,
  ExpandedService,
  ExpandedStage,
} from '@tiphys/contract/http/keptn-project.ts'
import { getProject, listProjects } from '../client/projects.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { table } from '../output/table.ts'
import { formatTime, fromNanoseconds } from '../output/time.ts'
import { checkName } from './target.ts'

type Options = GlobalOptions & { readonly output?: DataFormat }
type InProject = Options & { readonly project: string; readonly stage?: string }

/** One project by name, or all of them. */
export async function getProjects(
  options: Options,
  [name]: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  if (name !== undefined) {
    const project = await getProject(client, name)
    printData(project, options.output, () => projectTable([project]))
    return undefined
  }
  const projects = await listProjects(client)
  printData({ projects }, options.output, () =>
    projects.length === 0
      ? 'No projects yet; create one with: tiphys create project <name> --shipyard <file>'
      : projectTable(projects),
  )
  return undefined
}

function projectTable(projects: readonly ExpandedProject[]): string {
  return table(
    ['NAME', 'CREATED', 'STAGES'],
    projects.map((project) => [
      project.projectName,
      formatTime(fromNanoseconds(project.creationDate)),
      project.stages.map((stage) => stage.stageName).join(', '),
    ]),
  )
}

/** One stage by name, or all of a project. */
export async function getStages(
  options: InProject,
  [name]: readonly string[],
): Promise<ExitCode | undefined> {
  const { stages } = await getProject(openClient(options), options.project)
  checkStage(name, stages, options.project)
  const wanted = stages.filter((stage) => name === undefined || stage.stageName === name)
  printData(name === undefined ? { stages } : wanted[0], options.output, () =>
    table(
      ['NAME', 'SERVICES', 'AFTER'],
      wanted.map((stage) => [
        stage.stageName,
        stage.services.map((service) => service.serviceName).join(', '),
        stage.parentStages.join(', '),
      ]),
    ),
  )
  return undefined
}

/** Services of a project with what is deployed in each stage. */
export async function getServices(
  options: InProject,
  [name]: readonly string[],
): Promise<ExitCode | undefined> {
  const { stages } = await getProject(openClient(options), options.project)
  checkStage(options.stage, stages, options.project)
  const all = stages
    .filter((stage) => options.stage === undefined || stage.stageName === options.stage)
    .flatMap((stage) =>
      stage.services.map((service) => ({ ...service, stageName: stage.stageName })),
    )
  const names = [...new Set(all.map((service) => service.serviceName))]
  if (name !== undefined) checkName('service', name, names, `project ${options.project}`)
  const wanted = all.filter((service) => name === undefined || service.serviceName === name)
  printData({ services: wanted }, options.output, () =>
    wanted.length === 0
      ? `No services yet; create one with: tiphys create service <name> --project ${options.project}`
      : serviceTable(wanted),
  )
  return undefined
}

function serviceTable(
  services: readonly (ExpandedService & { readonly stageName: string })[],
): string {
  return table(
    ['NAME', 'STAGE', 'DEPLOYED'],
    services.map((service) => [
      service.serviceName,
      service.stageName,
      service.deployedImage ?? 'nothing yet',
    ]),
  )
}

function checkStage(
  name: string | undefined,
  stages: readonly ExpandedStage[],
  project: string,
): void {
  if (name === undefined) return
  const names = stages.map((stage) => stage.stageName)
  checkName('stage', name, names, `project ${project}`)
}
