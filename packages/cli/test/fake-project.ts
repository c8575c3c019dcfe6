import type { ExpandedProject } from '@tiphys/contract/http/keptn-project.ts'
import type { ContextTimeline, Run, RunTask } from '@tiphys/contract/http/native-run.ts'

/** A project and runs as the server shows them, for tests that play the server. */

export const CONTEXT = '6c19f9c2-0d4f-4b1c-9d57-7a7f0d6e8b11'

export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata:
  name: shop
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks: [{name: deployment}, {name: test}, {name: evaluation}]
    - name: production
      sequences:
        - name: delivery
          triggeredOn:
            - event: staging.delivery.finished
              selector: {match: {result: pass}}
          tasks: [{name: deployment}]
`

const CREATED = '1763848744000000000'

export const PROJECT: ExpandedProject = {
  projectName: 'shop',
  creationDate: CREATED,
  shipyard: SHIPYARD,
  shipyardVersion: 'spec.keptn.sh/0.2.3',
  isUpstreamAutoProvisioned: true,
  stages: ['staging', 'production'].map((stageName, index) => ({
    stageName,
    parentStages: index === 0 ? [] : ['staging'],
    services: [
      {
        serviceName: 'carts',
        creationDate: CREATED,
        lastEventTypes: {},
        openRemediations: [],
        ...(index === 0 ? { deployedImage: 'ghcr.io/acme/carts:1.4' } : {}),
      },
    ],
  })),
}

type TaskDraft = {
  readonly name: string
  /** Seconds after the trigger of the run. */
  readonly from?: number
  readonly to?: number
  readonly status?: string
  readonly result?: string
  readonly message?: string
  readonly progress?: string
  readonly attempt?: number
}

const START_MS = Date.parse('2026-11-22T21:00:00.000Z')

export function at(seconds: number): string {
  return new Date(START_MS + seconds * 1_000).toISOString()
}

export function task(draft: TaskDraft, index = 0): RunTask {
  const { name, from, to } = draft
  const common = { index, name, carrier: 'tiphys', answers: [] }
  if (from === undefined) return { ...common, state: 'planned' }
  return {
    ...common,
    state: to === undefined ? 'open' : 'done',
    attempt: draft.attempt ?? 1,
    triggeredId: `${name}-triggered`,
    triggeredAt: at(from),
    ...(draft.progress === undefined
      ? {}
      : { progress: { message: draft.progress, at: at(from) } }),
    ...(to === undefined
      ? {}
      : {
          status: draft.status ?? 'succeeded',
          result: draft.result ?? 'pass',
          message: draft.message ?? '',
          endedAt: at(to),
          expired: false,
        }),
  }
}

type RunDraft = {
  readonly stage: string
  readonly sequence?: string
  readonly parent?: string
  readonly from?: number
  readonly to?: number
  readonly state?: string
  readonly status?: string
  readonly result?: string
  readonly message?: string
  readonly tasks: readonly TaskDraft[]
  readonly waiting?: Run['waiting']
}

export function run(draft: RunDraft): Run {
  const sequence = draft.sequence ?? 'delivery'
  const isOpen = draft.to === undefined
  return {
    id: `${draft.stage}-${sequence}`,
    context: CONTEXT,
    project: 'shop',
    stage: draft.stage,
    service: 'carts',
    sequence,
    state: draft.state ?? (isOpen ? 'started' : 'finished'),
    open: isOpen,
    triggeredAt: at(draft.from ?? 0),
    ...(draft.to === undefined
      ? {}
      : {
          endedAt: at(draft.to),
          status: draft.status ?? 'succeeded',
          result: draft.result ?? 'pass',
          message: draft.message ?? '',
          cause: 'completed',
        }),
    by: 'bootstrap',
    source: 'https://github.com/keptn/keptn/cli',
    ...(draft.parent === undefined ? {} : { parent: draft.parent }),
    commitId: 'c0ffee',
    tasks: draft.tasks.map((one, index) => task(one, index)),
    waiting: draft.waiting ?? [],
  }
}

export function timelineOf(runs: readonly Run[]): ContextTimeline {
  return {
    context: CONTEXT,
    project: 'shop',
    sequence: 'delivery',
    stage: 'staging',
    service: 'carts',
    open: runs.some((one) => one.open),
    waiting: [],
    startedAt: at(0),
    runs: [...runs],
  }
}
