import { parseDuration } from '@tiphys/contract/duration.ts'
import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardSequence, ShipyardStage, TriggeredOn } from '@tiphys/contract/shipyard.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { EVALUATION } from '../sequence/plan.ts'
import type { Finding } from './finding.ts'

/**
 * `triggeredOn` and its selectors (facts/keptn-v1.md 1.5, mended in compatibility.md): names that exist nowhere, selectors that can
 * never hold, and the places where a file means something else here than it did in Keptn v1.
 */
export function lintTriggers(stages: readonly ShipyardStage[]): Finding[] {
  return stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).flatMap((sequence, sequenceIndex) =>
      (sequence.triggeredOn ?? []).flatMap((trigger, index) => {
        const path = ['spec', 'stages', stageIndex, 'sequences', sequenceIndex]
        return lintEntry(trigger, stages, [...path, 'triggeredOn', index])
      }),
    ),
  )
}

const EVENT_PREFIX = 'sh.keptn.event.'
const RESULTS = ['pass', 'warning', 'fail']
/** Written in Keptn's documentation; v1 compared with `fail`, so that it never fired. */
const DOCUMENTED_FAIL = 'failed'

/** One event, or several that start the sequence together. */
function lintEntry(
  trigger: TriggeredOn,
  stages: readonly ShipyardStage[],
  path: FilePath,
): Finding[] {
  const others = trigger.and ?? []
  return [
    ...lintTrigger(trigger, stages, path),
    ...others.flatMap((other, index) => lintTrigger(other, stages, [...path, 'and', index])),
    ...lintJoin(trigger, path),
    ...lintDuration('soak', trigger.soak, path, 'it starts at once'),
    ...lintDuration('within', trigger.within, path, 'it waits 30 days for the rest'),
  ]
}

function lintJoin(trigger: TriggeredOn, path: FilePath): Finding[] {
  const events = [trigger.event, ...(trigger.and ?? []).map((other) => other.event)]
  const twice = events.findIndex((event, index) => events.indexOf(event) < index)
  const findings: Finding[] = []
  if (twice > 0) {
    const message = `${events[twice]} is named twice; one end of it is enough for both`
    findings.push({
      severity: 'warning',
      code: 'join-event-twice',
      path: [...path, 'and', twice - 1, 'event'],
      message,
    })
  }
  if (trigger.within && events.length === 1) {
    const message = 'within has no effect without and: a single event is not waited for'
    findings.push({
      severity: 'warning',
      code: 'within-without-join',
      path: [...path, 'within'],
      message,
    })
  }
  return findings
}

function lintDuration(
  key: 'soak' | 'within',
  written: string | null | undefined,
  path: FilePath,
  effect: string,
): Finding[] {
  if (!written || parseDuration(written) !== undefined) return []
  const message = `${key} ${JSON.stringify(written)} is not a duration (10m, 1h30m, 90s), so ${effect}`
  return [{ severity: 'warning', code: 'duration-invalid', path: [...path, key], message }]
}

function lintTrigger(
  trigger: Pick<TriggeredOn, 'event' | 'selector'>,
  stages: readonly ShipyardStage[],
  path: FilePath,
): Finding[] {
  const source = sourceOf(trigger.event, stages)
  const named =
    source === undefined ? [lintUnknownEvent(trigger.event, stages, [...path, 'event'])] : []
  const match = Object.entries(trigger.selector?.match ?? {})
  if (match.length === 0) {
    if (source === undefined) return named
    return [fireOnWarning(trigger.event, [...path, 'event'])]
  }
  const matchPath = [...path, 'selector', 'match']
  return [
    ...named,
    ...match.flatMap(([key, value]) => [
      ...(source === undefined ? [] : lintSelectorKey(key, source, trigger.event, matchPath)),
      ...lintSelectorValue(key, value, matchPath),
    ]),
    ...(match.length > 1 ? [allKeysHold(matchPath)] : []),
  ]
}

/** The sequence whose end an event is; an evaluation can be triggered in any stage without being written there. */
export function sourceOf(
  event: string,
  stages: readonly ShipyardStage[],
): ShipyardSequence | undefined {
  for (const stage of stages) {
    for (const sequence of stage.sequences ?? []) {
      if (event === `${stage.name}.${sequence.name}.finished`) return sequence
    }
  }
  const implicit = stages.some((stage) => event === `${stage.name}.${EVALUATION}.finished`)
  return implicit ? { name: EVALUATION, tasks: [{ name: EVALUATION }] } : undefined
}

function lintUnknownEvent(
  event: string,
  stages: readonly ShipyardStage[],
  path: FilePath,
): Finding {
  const short = event.startsWith(EVENT_PREFIX) ? event.slice(EVENT_PREFIX.length) : event
  const known = stages.flatMap((stage) =>
    [...(stage.sequences ?? []).map((sequence) => sequence.name), EVALUATION].map(
      (name) => `${stage.name}.${name}.finished`,
    ),
  )
  const meant = known.includes(short) ? short : didYouMean(short, known)
  const hint =
    meant === undefined
      ? 'write <stage>.<sequence>.finished with a stage and a sequence of this file'
      : `did you mean ${meant}?`
  return {
    severity: 'warning',
    code: 'trigger-names-nothing',
    path,
    message: `triggeredOn ${event} names nothing, so it never fires; ${hint}`,
  }
}

function fireOnWarning(event: string, path: FilePath): Finding {
  return {
    severity: 'info',
    code: 'trigger-fires-on-warning',
    path,
    message: `without selector, ${event} fires on the result warning too; for pass alone add a selector with match result: pass`,
  }
}

function allKeysHold(path: FilePath): Finding {
  return {
    severity: 'info',
    code: 'selector-all-keys',
    path,
    message: 'every key of this selector must hold; in Keptn v1 one of them was enough',
  }
}

function lintSelectorKey(
  key: string,
  source: ShipyardSequence,
  event: string,
  matchPath: FilePath,
): Finding[] {
  if (key === 'result') return []
  const tasks = (source.tasks ?? []).map((task) => `${task.name}.result`)
  if (tasks.includes(key)) return []
  const known = ['result', ...tasks]
  const meant = didYouMean(key, known)
  const hint = meant === undefined ? `it can be ${known.join(', ')}` : `did you mean ${meant}?`
  const message = `selector key ${key} can never match: ${event} has no such result; ${hint}`
  const path = [...matchPath, key]
  return [{ severity: 'warning', code: 'selector-never-matches', path, message }]
}

function lintSelectorValue(key: string, value: string, matchPath: FilePath): Finding[] {
  const path = [...matchPath, key]
  if (value === DOCUMENTED_FAIL) {
    const message = `${key}: failed means fail here; in Keptn v1 it never fired although its documentation said so`
    return [{ severity: 'info', code: 'selector-failed', path, message }]
  }
  if (RESULTS.includes(value)) return []
  const meant = didYouMean(value, RESULTS)
  const hint = meant === undefined ? `a result is ${RESULTS.join(', ')}` : `did you mean ${meant}?`
  const message = `selector ${key}: ${value} can never match; ${hint}`
  return [{ severity: 'warning', code: 'selector-never-matches', path, message }]
}
