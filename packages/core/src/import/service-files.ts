import type { Difference } from './difference.ts'

/** What a file of a Keptn project is for, by its name at its place (facts/keptn-v1.md 4, 6). */
export type ServiceFileKind =
  | 'shipyard'
  | 'slo'
  | 'sli'
  | 'tests'
  | 'argocd'
  | 'project'
  | 'webhook'
  | 'job'
  | 'remediation'
  | 'helm'
  | 'jmeter'
  | 'other-tests'
  | 'dynatrace'
  | 'prometheus'
  | 'chaos'
  | 'metadata'
  | 'unknown'

const BY_URI: readonly (readonly [RegExp, ServiceFileKind])[] = [
  [/^shipyard\.yaml$/, 'shipyard'],
  [/^slo\.yaml$/, 'slo'],
  [/^[^/]+\/sli\.yaml$/, 'sli'],
  [/^tiphys\/tests\.yaml$/, 'tests'],
  [/^tiphys\/project\.yaml$/, 'project'],
  [/^argocd\.yaml$/, 'argocd'],
  [/^webhook\/webhook\.yaml$/, 'webhook'],
  [/^job\/config\.yaml$/, 'job'],
  [/^remediation\.yaml$/, 'remediation'],
  [/^helm\//, 'helm'],
  [/^jmeter\//, 'jmeter'],
  [/^(locust|k6|gatling|neotys|neoload|artillery|junit|test|tests)\//, 'other-tests'],
  [/^(litmus|chaos)\//, 'chaos'],
  [/^dynatrace\//, 'dynatrace'],
  [/^prometheus\//, 'prometheus'],
  [/(^|\/)metadata\.yaml$/, 'metadata'],
]

export function serviceFileKind(uri: string): ServiceFileKind {
  return BY_URI.find(([pattern]) => pattern.test(uri))?.[1] ?? 'unknown'
}

type Sentences = Pick<Difference, 'severity' | 'was' | 'now' | 'todo'>

/**
 * Files whose service is not part of Tiphys. One sentence for all files of a kind at a place: a chart has a hundred of them. Tests,
 * webhooks and jobs have findings of their own at the tasks that they answered.
 */
const NOT_READ: Partial<Record<ServiceFileKind, Sentences>> = {
  webhook: {
    severity: 'error',
    was: 'webhook-service sent these requests when an event of that type came.',
    now: 'The file is kept and nobody reads it: webhooks are not built yet.',
    todo: 'Let a service or a pipeline send the request and answer the task: docs/integrations.md.',
  },
  job: {
    severity: 'error',
    was: 'job-executor-service ran these containers when an event of that type came.',
    now: 'The file is kept and nobody reads it: Kubernetes jobs are not built yet.',
    todo: 'Run job-executor-service against this server, or let a pipeline answer the task: docs/integrations.md.',
  },
  remediation: {
    severity: 'error',
    was: 'remediation-service chose the actions for a problem from this file.',
    now: 'The file is kept and nobody reads it: remediation is not built yet, so nobody answers get-action and action.',
    todo: 'Leave the alerts with Keptn, or let them trigger a sequence whose tasks somebody answers.',
  },
  helm: {
    severity: 'error',
    was: 'helm-service deployed this chart and changed the image in it.',
    now: 'The chart is kept and nobody deploys it: Tiphys changes a Git repository that Argo CD deploys from.',
    todo: 'Move the chart into that repository and name its application in argocd.yaml: docs/argocd.md.',
  },
  jmeter: {
    severity: 'error',
    was: 'jmeter-service ran these test plans for the task test.',
    now: 'The files are kept and nobody runs them.',
    todo: 'Write the checks and the load as tiphys/tests.yaml (docs/tests.md), or run jmeter-service against this server (docs/integrations.md).',
  },
  'other-tests': {
    severity: 'error',
    was: 'A test service read these files.',
    now: 'The files are kept and nobody runs them.',
    todo: 'Write the tests as tiphys/tests.yaml (docs/tests.md), or run the service against this server (docs/integrations.md).',
  },
  chaos: {
    severity: 'error',
    was: 'A chaos service read these files.',
    now: 'The files are kept and nobody runs them.',
    todo: 'Run that service against this server: docs/integrations.md.',
  },
  dynatrace: {
    severity: 'error',
    was: 'dynatrace-service read this file: queries, dashboards, events to Dynatrace.',
    now: 'The file is kept and nobody reads it: queries come from dynatrace/sli.yaml, and no events are sent to Dynatrace.',
    todo: 'Write the queries into dynatrace/sli.yaml and providers.dynatrace into tiphys.yaml (docs/providers.md), or keep dynatrace-service subscribed.',
  },
}

/** Webhooks and jobs that only told somebody: nothing waits for them. */
const NOTIFICATION =
  'Nothing waits for it. Whoever follows the event stream can tell others: docs/api.md.'

/** What to do about a webhook or a job that acted on an event of this type. */
export function insteadOf(kind: 'webhook' | 'job', eventType: string): string | undefined {
  return /\.(started|finished|changed)\$?$/.test(eventType) ? NOTIFICATION : NOT_READ[kind]?.todo
}

/** Undefined for what is read here, and for what nobody ever read. */
export function notReadHere(kind: ServiceFileKind): (Sentences & { code: string }) | undefined {
  const sentences = NOT_READ[kind]
  return sentences && { code: `${kind}-not-read`, ...sentences }
}
