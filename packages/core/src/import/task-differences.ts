import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardTask } from '@tiphys/contract/shipyard.ts'
import { APPROVAL, EVALUATION } from '../sequence/plan.ts'
import type { Difference } from './difference.ts'
import { takesEvent } from './event-pattern.ts'
import { type Answerer, countsFor, type ImportProject, placeName } from './import-project.ts'
import { type ServiceFileKind, serviceFileKind } from './service-files.ts'

/**
 * Tasks of the shipyard that nobody here carries out as things stand (behaviour.md 4). Who did in Keptn was decided by
 * subscriptions, which are not in Git; files of its services tell it where there are some.
 */
export function taskDifferences(project: ImportProject): readonly Difference[] {
  return project.stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).flatMap((sequence, sequenceIndex) =>
      (sequence.tasks ?? []).flatMap((task, index) => {
        const path = [
          'spec',
          'stages',
          stageIndex,
          'sequences',
          sequenceIndex,
          'tasks',
          index,
          'name',
        ]
        return taskDifference(project, stage.name, task, path)
      }),
    ),
  )
}

const NO_ANSWER =
  'Nobody here carries it out: it stays open for a service that subscribes or answers, and ends errored after 10 minutes without an answer.'

function taskDifference(
  project: ImportProject,
  stage: string,
  task: ShipyardTask,
  path: FilePath,
): Difference[] {
  if ([EVALUATION, APPROVAL].includes(task.name)) return []
  if (task.properties?.['executor'] === 'external') return []
  const evidence = evidenceOf(project, stage, task.name)
  switch (task.name) {
    case 'deployment':
    case 'rollback':
      return isEverywhere(project, stage, 'argocd') ? [] : [unanswered(task.name, evidence, path)]
    case 'release':
      return isEverywhere(project, stage, 'argocd') ? [] : [releasePasses(evidence, path)]
    case 'test':
      return isEverywhere(project, stage, 'tests') ? [] : [testPasses(evidence, path)]
    default:
      return [unanswered(task.name, evidence, path)]
  }
}

/** Whether every service of a stage has a file of the kind: its own, its stage's or the project's. */
function isEverywhere(project: ImportProject, stage: string, kind: ServiceFileKind): boolean {
  const services = project.services.filter((one) => one.stage === stage)
  const names = services.length === 0 ? [undefined] : services.map(({ service }) => service)
  return names.every((service) =>
    project.files.some(
      (file) => serviceFileKind(file.uri) === kind && countsFor(file.place, stage, service),
    ),
  )
}

type Evidence = {
  /** Sentence about who answered the task in Keptn. */
  readonly was: string
  /** A file says so. */
  readonly isKnown: boolean
}

function evidenceOf(project: ImportProject, stage: string, task: string): Evidence {
  const answerers = project.answerers.filter(
    (one) => concerns(one, stage) && one.events.some(({ type }) => isOfTask(one, type, task)),
  )
  const [first] = answerers
  if (first !== undefined) {
    const place = placeName(first.place)
    const more = answerers.length > 1 ? ` and ${answerers.length - 1} more` : ''
    return { isKnown: true, was: `${first.by} answered it (${first.file.uri} of ${place}${more}).` }
  }
  const service = SERVICE_OF[task]
  const helped = project.files.find(
    (file) => service?.files === serviceFileKind(file.uri) && isInStage(file.place, stage),
  )
  if (service !== undefined && helped !== undefined) {
    return { isKnown: true, was: `${service.name} carried it out with ${service.what}.` }
  }
  return { isKnown: false, was: usual(task) }
}

const SERVICE_OF: Readonly<
  Record<string, { readonly files: ServiceFileKind; readonly name: string; readonly what: string }>
> = {
  deployment: { files: 'helm', name: 'helm-service', what: 'the chart in helm/' },
  release: { files: 'helm', name: 'helm-service', what: 'the chart in helm/' },
  rollback: { files: 'helm', name: 'helm-service', what: 'the chart in helm/' },
  test: { files: 'jmeter', name: 'jmeter-service', what: 'the plans in jmeter/' },
  'get-action': { files: 'remediation', name: 'remediation-service', what: 'remediation.yaml' },
}

function usual(task: string): string {
  if (task === 'get-action') return 'remediation-service answered it.'
  if (task === 'action') return 'An action provider that knew the action answered it.'
  return 'Whatever service had subscribed to it answered it; subscriptions are not in this repository.'
}

function concerns(answerer: Answerer, stage: string): boolean {
  return isInStage(answerer.place, stage)
}

function isInStage(place: Answerer['place'], stage: string): boolean {
  return place.level === 'project' || place.stage === stage
}

function isOfTask(answerer: Answerer, event: string, task: string): boolean {
  const type = `sh.keptn.event.${task}.triggered`
  if (answerer.by === 'job-executor-service') return takesEvent(event, type) === true
  return event === type || event === 'sh.keptn.>' || event === 'sh.keptn.event.*.triggered'
}

const BY_ARGOCD =
  'Name the Argo CD application in argocd.yaml (docs/argocd.md), or let the service that did it subscribe here (docs/integrations.md).'
const REMEDIATION = 'Remediation is not built yet: remove the sequence, or leave it with Keptn.'
const ADVICE: Readonly<Record<string, string>> = {
  deployment: BY_ARGOCD,
  rollback: BY_ARGOCD,
  'get-action': REMEDIATION,
  action: REMEDIATION,
}

function unanswered(task: string, evidence: Evidence, path: FilePath): Difference {
  return {
    severity: 'error',
    code: 'task-without-executor',
    path,
    subject: task,
    was: evidence.was,
    now: NO_ANSWER,
    todo:
      ADVICE[task] ??
      'Let the service that answered it subscribe here, or a pipeline answer it: docs/integrations.md.',
  }
}

/** A pass that nobody earned is worse than an open task, so it is said at every place. */
function testPasses(evidence: Evidence, path: FilePath): Difference {
  return {
    severity: evidence.isKnown ? 'error' : 'changes',
    code: 'test-without-tests',
    path,
    subject: 'test',
    was: evidence.was,
    now: 'It passes and runs nothing where no tiphys/tests.yaml is there and no service has subscribed; its message says so.',
    todo: 'Write tiphys/tests.yaml (docs/tests.md), or set the property executor: external and let the test service answer.',
  }
}

function releasePasses(evidence: Evidence, path: FilePath): Difference {
  return {
    severity: evidence.isKnown ? 'error' : 'changes',
    code: 'release-without-executor',
    path,
    subject: 'release',
    was: evidence.was,
    now: 'It passes and does nothing where no argocd.yaml is there and no service has subscribed; its message says so.',
    todo: 'With Argo CD nothing is left to release after a deployment; else set the property executor: external and let the service answer.',
  }
}
