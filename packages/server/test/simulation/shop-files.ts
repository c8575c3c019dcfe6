/**
 * The files of the simulated project: every kind of wait that an engine knows, in versions that come and go while runs are open. They are
 * kept as plain objects, so that the checkers read the rules from them and not from what the engine made of them.
 */
export type FileTask = {
  readonly name: string
  readonly triggeredAfter?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly parallel?: boolean
  readonly if?: string
  readonly retry?: {
    readonly times: number
    readonly after: string
    readonly on: readonly string[]
  }
}

export type FileTrigger = {
  readonly event: string
  readonly selector?: { readonly match: Readonly<Record<string, string>> }
  readonly and?: readonly {
    readonly event: string
    readonly selector?: { readonly match: Readonly<Record<string, string>> }
  }[]
  readonly within?: string
  readonly soak?: string
}

export type FileSequence = {
  readonly name: string
  readonly timeout?: string
  readonly triggeredOn?: readonly FileTrigger[]
  readonly tasks: readonly FileTask[]
}

export type FileShipyard = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly stages: readonly {
      readonly name: string
      readonly sequences: readonly FileSequence[]
    }[]
  }
}

/** Extra tasks: what an old shipyard never had (docs/adr/0004). The checkers know what this condition says. */
export const CARTS_ONLY = "service == 'carts'"
const RETRY = { times: 2, after: '30s', on: ['errored', 'fail'] }

export const PROJECT = 'shop'
export const SERVICES = ['carts', 'orders', 'users'] as const

/** What users trigger; some of it is not in every version of the shipyard. */
export const ENTRY_POINTS = [
  'dev.delivery',
  'dev.delivery',
  'dev.delivery',
  'dev.quick',
  'staging.delivery',
  'staging.evaluation',
  'qa.soak',
  'nowhere.delivery',
] as const

/** Each bit of `variant` chooses one of two ways to write a part. */
export function shipyardFile(variant: number): FileShipyard {
  const has = (bit: number) => ((variant >> bit) & 1) === 1
  const stages = [devStage(has), stagingStage(has), productionStage(has)]
  return {
    apiVersion: 'spec.keptn.sh/0.2.3',
    kind: 'Shipyard',
    metadata: { name: 'shipyard' },
    spec: { stages: has(0) ? [...stages, qaStage(has)] : stages },
  }
}

type Has = (bit: number) => boolean

function devStage(has: Has) {
  const rollbackOn = has(1) ? { result: 'failed' } : { result: 'fail' }
  return {
    name: 'dev',
    sequences: [
      {
        name: 'delivery',
        ...(has(2) ? { timeout: '3h' } : {}),
        tasks: [
          { name: 'deployment' },
          {
            name: 'test',
            properties: { timeout: has(3) ? '30m' : '5m' },
            ...(has(11) ? { retry: RETRY } : {}),
          },
          ...(has(10)
            ? [{ name: 'scan', parallel: true, ...(has(4) ? { triggeredAfter: '3m' } : {}) }]
            : []),
          ...(has(12) ? [{ name: 'smoke', if: CARTS_ONLY }] : []),
          { name: 'evaluation', ...(has(4) ? { triggeredAfter: '2m' } : {}) },
          ...(has(15)
            ? [
                { name: 'notify', if: CARTS_ONLY },
                { name: 'hook', parallel: true },
              ]
            : []),
        ],
      },
      {
        name: 'rollback',
        triggeredOn: [{ event: 'dev.delivery.finished', selector: { match: rollbackOn } }],
        tasks: [{ name: 'rollback' }],
      },
      {
        name: 'notify',
        triggeredOn: [
          { event: 'dev.delivery.finished', selector: { match: { 'test.result': 'fail' } } },
          { event: 'dev.rollback.finished' },
        ],
        tasks: [{ name: 'notify', ...(has(5) ? { triggeredAfter: '1m' } : {}) }],
      },
      { name: 'quick', tasks: [{ name: 'test' }] },
    ],
  }
}

function stagingStage(has: Has) {
  const onWarning = { 'evaluation.result': 'warning', result: 'warning' }
  return {
    name: 'staging',
    sequences: [
      {
        name: 'delivery',
        triggeredOn: [{ event: 'dev.delivery.finished' }],
        tasks: [
          { name: 'deployment' },
          { name: 'approval', ...(has(6) ? { properties: { pass: 'automatic' } } : {}) },
          { name: 'release', ...(has(7) ? { triggeredAfter: '20m' } : {}) },
        ],
      },
      {
        name: 'audit',
        triggeredOn: [{ event: 'dev.delivery.finished' }],
        timeout: '1h',
        tasks: [{ name: 'scan', triggeredAfter: '5m' }],
      },
      {
        name: 'look',
        triggeredOn: [{ event: 'dev.delivery.finished', selector: { match: onWarning } }],
        tasks: [{ name: 'approval' }],
      },
    ],
  }
}

function productionStage(has: Has) {
  const joined = {
    event: 'staging.delivery.finished',
    and: [{ event: 'staging.audit.finished' }],
    within: '2h',
  }
  const all = { name: 'announce', triggeredOn: [joined], tasks: [{ name: 'announce' }] }
  return {
    name: 'production',
    sequences: [
      {
        name: 'delivery',
        triggeredOn: [
          { event: 'staging.delivery.finished', ...(has(14) ? { soak: '30m' } : {}) },
          ...(has(8)
            ? [{ event: 'qa.soak.finished', selector: { match: { result: 'pass' } } }]
            : []),
        ],
        tasks: [{ name: 'deployment' }],
      },
      ...(has(13) ? [all] : []),
    ],
  }
}

function qaStage(has: Has) {
  const warned = { 'test.result': 'warning', result: 'warning' }
  return {
    name: 'qa',
    sequences: [
      {
        name: 'soak',
        triggeredOn: [
          { event: 'dev.delivery.finished' },
          // It triggers itself, as remediation does; only an answer can be a warning, so the loop ends when nobody answers any more.
          ...(has(9) ? [{ event: 'qa.soak.finished', selector: { match: warned } }] : []),
          { event: 'dev.delivery.finished', selector: { match: { 'unknown.result': 'pass' } } },
        ],
        tasks: [{ name: 'deployment' }, { name: 'test', triggeredAfter: '1h' }],
      },
    ],
  }
}

export type FileFreeze = {
  readonly name: string
  readonly stages: readonly string[]
  readonly from: string
  readonly to: string
}

export type FileSettings = {
  readonly apiVersion: string
  readonly freezes: readonly FileFreeze[]
  readonly stages: Readonly<Record<string, { readonly queue: string }>>
}

export function settingsFile(
  queue: string | undefined,
  freezes: readonly FileFreeze[] = [],
): FileSettings {
  const stages = queue === undefined ? {} : { staging: { queue } }
  return { apiVersion: 'tiphys.dev/v1', freezes, stages }
}

/** JSON is YAML. */
export function textOf(file: FileShipyard | FileSettings): string {
  return JSON.stringify(file)
}
