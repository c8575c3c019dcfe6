import { EVALUATION } from '../sequence/plan.ts'
import {
  countsFor,
  type ImportedFile,
  type ImportProject,
  type LocatedDifference,
} from './import-project.ts'
import { serviceFileKind } from './service-files.ts'

/** Where an evaluation gets its values from, service by service (facts/keptn-v1.md 3.2; compatibility.md). */
export function evaluationDifferences(project: ImportProject): readonly LocatedDifference[] {
  return [
    ...noValue(project.files),
    ...project.services.flatMap((one) => serviceDifferences(project, one.stage, one.service)),
    ...project.files.flatMap((file) => [...providerToConnect(project, file), ...sloNotRead(file)]),
  ]
}

/** Said once, at the first slo.yaml that counts. */
function noValue(files: readonly ImportedFile[]): LocatedDifference[] {
  const first = files.find(({ place, uri }) => uri === 'slo.yaml' && place.level === 'service')
  if (first === undefined) return []
  return [
    {
      severity: 'changes',
      code: 'no-value-no-verdict',
      file: first,
      path: [],
      was: 'When no indicator had a value, the evaluation failed with the score 0, as if it had measured something bad; a provider that never answered kept it waiting for ever.',
      now: 'It ends errored with the reason, and --wait says no verdict (exit code 3). Its result is still fail, so the same sequences start.',
    },
  ]
}

function serviceDifferences(
  project: ImportProject,
  stage: string,
  service: string,
): LocatedDifference[] {
  const slo = project.files.find(
    ({ place, uri }) =>
      uri === 'slo.yaml' &&
      place.level === 'service' &&
      place.stage === stage &&
      place.service === service,
  )
  if (slo === undefined) return sloMissing(project, stage, service)
  const providers = providersOf(project, stage, service)
  const isSet = project.sliProvider !== undefined
  if (providers.length > 1 && !isSet) return [providerSeveral(slo, providers)]
  return providers.length > 0 || isSet ? [] : [providerMissing(slo)]
}

const WAS = 'A ConfigMap in the cluster named the SLI provider of the project;'

function providerMissing(slo: ImportedFile): LocatedDifference {
  return {
    severity: 'error',
    code: 'provider-missing',
    file: slo,
    path: [],
    was: `${WAS} without one an evaluation passed unmeasured.`,
    now: 'No <provider>/sli.yaml counts for this service, so its evaluations end errored.',
    todo: 'Write sliProvider: prometheus (or test-results) into tiphys/project.yaml.',
  }
}

function providerSeveral(slo: ImportedFile, providers: readonly string[]): LocatedDifference {
  return {
    severity: 'changes',
    code: 'provider-several',
    file: slo,
    path: [],
    was: `${WAS} the files of others were not read.`,
    now: `Each indicator is asked of the provider whose file names it (${providers.map((name) => `${name}/sli.yaml`).join(', ')}); one that several name ends the evaluation errored.`,
    todo: 'Write sliProvider into tiphys/project.yaml, or take away the files that do not count.',
  }
}

function providersOf(project: ImportProject, stage: string, service: string): string[] {
  const names = project.files.flatMap(({ place, uri }) => {
    const name = /^([^/]+)\/sli\.yaml$/.exec(uri)?.[1]
    return name !== undefined && countsFor(place, stage, service) ? [name] : []
  })
  return [...new Set(names)]
}

/** Said only where an evaluation is part of a sequence: in every other stage one can be triggered, and nobody may ever do. */
function sloMissing(project: ImportProject, stage: string, service: string): LocatedDifference[] {
  const evaluates = project.stages.some(
    (one) =>
      one.name === stage &&
      (one.sequences ?? []).some((sequence) =>
        (sequence.tasks ?? []).some((task) => task.name === EVALUATION),
      ),
  )
  const own = project.files.filter(({ place }) => isOfService(place, stage, service))
  const file = own.find(({ uri }) => uri === 'metadata.yaml') ?? own[0]
  if (!evaluates || file === undefined) return []
  return [
    {
      severity: 'info',
      code: 'slo-missing',
      file,
      path: [],
      was: 'This service has no slo.yaml in this stage, so its evaluations passed unmeasured.',
      now: 'The same, and the message says so.',
      todo: 'Add an slo.yaml where a gate is wanted.',
    },
  ]
}

function isOfService(place: ImportedFile['place'], stage: string, service: string): boolean {
  return place.level === 'service' && place.stage === stage && place.service === service
}

/** Asked without anything said in tiphys.yaml. */
const WITHOUT_CONNECTION: ReadonlySet<string> = new Set(['test-results', 'argocd'])

/** What answers these queries here: a connection of the operator's, or the service that did in Keptn. */
function providerToConnect(project: ImportProject, file: ImportedFile): LocatedDifference[] {
  const name = /^([^/]+)\/sli\.yaml$/.exec(file.uri)?.[1]
  if (name === undefined || WITHOUT_CONNECTION.has(name)) return []
  const isBuiltIn = project.builtInProviders.includes(name)
  // Said in the guide for everybody: no server measures without it.
  if (name === 'prometheus') return []
  const common = {
    file,
    path: ['indicators'],
    was: `The SLI provider ${name} answered these queries, by a service in the cluster.`,
  }
  if (isBuiltIn) {
    return [
      {
        ...common,
        severity: 'changes',
        code: 'provider-to-connect',
        now: `The server asks ${name} itself where tiphys.yaml has a connection to it, else the service that subscribed to get-sli.triggered; without either, evaluations end errored.`,
        todo: `Write providers.${name} into the server's tiphys.yaml (docs/providers.md), or keep the service subscribed.`,
      },
    ]
  }
  return [
    {
      ...common,
      severity: 'changes',
      code: 'provider-not-built',
      now: `${name} is none of those built in (${project.builtInProviders.join(', ')}): the service that subscribed to get-sli.triggered is asked; without one, evaluations end errored.`,
      todo: `Keep the service that answers for ${name} running and subscribed (docs/integrations.md), or connect one of those built in under that name (docs/providers.md).`,
    },
  ]
}

function sloNotRead(file: ImportedFile): LocatedDifference[] {
  if (serviceFileKind(file.uri) !== 'slo' || file.place.level === 'service') return []
  return [
    {
      severity: 'info',
      code: 'slo-not-read',
      file,
      path: [],
      was: `An slo.yaml of a ${file.place.level} was never read: every service has its own.`,
      now: 'The same; an evaluation without a file of its own says so.',
      todo: 'Add it to the services it is meant for.',
    },
  ]
}
