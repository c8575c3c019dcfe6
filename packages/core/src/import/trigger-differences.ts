import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ShipyardSequence, ShipyardStage, TriggeredOn } from '@tiphys/contract/shipyard.ts'
import { sourceOf } from '../lint/shipyard-triggers.ts'
import { APPROVAL, type DownstreamRule } from '../sequence/plan.ts'
import { fires } from '../trigger/selector.ts'
import type { Difference } from './difference.ts'
import { endsOf, firedInKeptn, type KeptnEnd, type SelectorMatch } from './keptn-trigger.ts'

/**
 * Where `triggeredOn` starts other runs than it did in Keptn: Keptn's rule and ours are asked about every way in which the source can
 * end, and what they disagree about is told.
 */
export function triggerDifferences(stages: readonly ShipyardStage[]): Difference[] {
  return stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).flatMap((sequence, sequenceIndex) =>
      (sequence.triggeredOn ?? []).flatMap((trigger, index) => {
        const path = [
          'spec',
          'stages',
          stageIndex,
          'sequences',
          sequenceIndex,
          'triggeredOn',
          index,
        ]
        return compareTrigger({ trigger, stages, stage: stage.name, sequence: sequence.name, path })
      }),
    ),
  )
}

type Place = {
  readonly trigger: TriggeredOn
  readonly stages: readonly ShipyardStage[]
  /** Of the sequence that is started. */
  readonly stage: string
  readonly sequence: string
  readonly path: FilePath
}

function compareTrigger(place: Place): Difference[] {
  const { trigger, stages, path } = place
  const source = sourceOf(trigger.event, stages)
  if (source === undefined) return [namesNothing(trigger.event, path)]
  const match = trigger.selector?.match ?? {}
  if (Object.keys(match).length === 0) return [withoutSelector(trigger.event, path)]
  const ends = endsOf(taskNames(source), match)
  const rule: DownstreamRule = { stage: place.stage, sequence: place.sequence, match }
  const was = ends.filter((end) => firedInKeptn(match, end))
  const now = ends.filter((end) => fires(rule, end))
  const gained = now.filter((end) => !was.includes(end))
  const lost = was.filter((end) => !now.includes(end))
  if (gained.length > 0 || lost.length > 0) {
    return [otherThanInKeptn({ place, match, source, was, gained, lost, now })]
  }
  if (now.length === 0) return [neverFires(place)]
  const late = new Set(now.filter(isAfterTimeout).map(({ lastTask }) => lastTask))
  return late.size > 0 ? [afterTimeout(place, taskNames(source), late)] : []
}

function taskNames(source: ShipyardSequence): string[] {
  return (source.tasks ?? []).map((task) => task.name)
}

function namesNothing(event: string, path: FilePath): Difference {
  return {
    severity: 'info',
    code: 'trigger-names-nothing',
    path: [...path, 'event'],
    subject: event,
    was: 'No sequence of this file ends with that event, so the trigger never fired.',
    now: 'It never fires here either.',
    todo: 'Mend the name or remove the trigger.',
  }
}

function withoutSelector(event: string, path: FilePath): Difference {
  return {
    severity: 'info',
    code: 'trigger-fires-on-warning',
    path: [...path, 'event'],
    subject: event,
    was: 'Without selector it fired on pass and on warning; the documentation said on pass only.',
    now: 'The same.',
    todo: 'For pass alone add a selector with match result: pass.',
  }
}

function neverFires({ stage, sequence, path }: Place): Difference {
  return {
    severity: 'info',
    code: 'trigger-never-fires',
    path: [...path, 'selector', 'match'],
    was: `No end of the sequence fits this selector, so ${stage}.${sequence} was never started by it.`,
    now: 'The same.',
    todo: 'A selector has result or <task>.result of a task of that sequence, and pass, warning or fail.',
  }
}

type Disagreement = {
  readonly place: Place
  readonly match: SelectorMatch
  readonly source: ShipyardSequence
  readonly was: readonly KeptnEnd[]
  readonly now: readonly KeptnEnd[]
  readonly gained: readonly KeptnEnd[]
  readonly lost: readonly KeptnEnd[]
}

function otherThanInKeptn(found: Disagreement): Difference {
  const { place, match, source, was, now, gained, lost } = found
  const target = `${place.stage}.${place.sequence}`
  const path = [...place.path, 'selector', 'match']
  const reason = reasonOf(match, source)
  const event = place.trigger.event.replace(/\.finished$/, '')
  const more = now.some(isAfterTimeout) ? ', and after a time-out of it' : ''
  if (was.length === 0) {
    return {
      severity: 'changes',
      code: 'trigger-now-fires',
      path,
      was: `It never started ${target}: ${reason}.`,
      now: `${target} starts when ${event} ends with ${wordsOf(gained, match)}${more}.`,
      todo: `Is ${target} ready to run? If it should not start, remove the trigger.`,
    }
  }
  const sentences = [
    gained.length === 0 ? '' : `${target} now starts with ${wordsOf(gained, match)} too.`,
    lost.length === 0 ? '' : `${target} no longer starts with ${wordsOf(lost, match)}.`,
  ]
  const never = now.length === 0 ? ['It never fires here.'] : []
  return {
    severity: 'changes',
    code: now.length === 0 ? 'trigger-never-fires-now' : 'trigger-fires-otherwise',
    path,
    was: `${target} started when ${event} ended with ${wordsOf(was, match)}: ${reason}.`,
    now: [...sentences.filter((one) => one !== ''), ...never].join(' '),
    todo: 'Every key has to hold here: leave those that you mean.',
  }
}

/** Why Keptn did what it did with this selector. */
function reasonOf(match: SelectorMatch, source: ShipyardSequence): string {
  const tasks = taskNames(source)
  const reasons = [
    ...(Object.values(match).includes('failed')
      ? ['it compared with fail, and failed is no result, although its documentation showed it']
      : []),
    ...(Object.keys(match).length > 1 ? ['one key that held was enough'] : []),
    ...(tasks.slice(0, -1).some((task) => Object.hasOwn(match, `${task}.result`))
      ? ['only the last executed task could match']
      : []),
  ]
  return reasons.join('; ') || 'it read only result and the last executed task'
}

const MAX_SHOWN_ENDS = 4

/** `result fail`, or `test pass and evaluation warning`: what the selector can see of some ends. */
function wordsOf(ends: readonly KeptnEnd[], match: SelectorMatch): string {
  const all = ends.map((end) => {
    const seen = Object.keys(match).flatMap((key) => {
      if (key === 'result') return [`result ${end.result}`]
      const task = key.replace(/\.result$/, '')
      const result = end.taskResults.get(task)
      return result === undefined ? [] : [`${task} ${result}`]
    })
    return seen.join(' and ') || `result ${end.result}`
  })
  const shown = [...new Set(all)]
  const more = shown.length > MAX_SHOWN_ENDS ? ` (and ${shown.length - MAX_SHOWN_ENDS} more)` : ''
  return `${shown.slice(0, MAX_SHOWN_ENDS).join(', or ')}${more}`
}

/** A missed deadline ends a task with fail; an approval that nobody answers starts nothing. */
function isAfterTimeout(end: KeptnEnd): boolean {
  return end.result === 'fail' && end.lastTask !== APPROVAL
}

/** @param late the tasks whose time-out fits the selector. */
function afterTimeout(
  { stage, sequence, trigger, path }: Place,
  tasks: readonly string[],
  late: ReadonlySet<string>,
): Difference {
  const isAny = tasks.every((task) => task === APPROVAL || late.has(task))
  const which = isAny ? 'a task' : [...late].join(' or ')
  return {
    severity: 'changes',
    code: 'trigger-after-timeout',
    path: [...path, 'event'],
    subject: `${trigger.event.replace(/\.finished$/, '')} -> ${stage}.${sequence}`,
    was: 'A task without an answer ended the sequence as timed out, and that started nothing; a task that never finished waited for ever.',
    now: `It starts too when ${which} has no answer for 10 minutes, or no end for 24 hours or within its own timeout.`,
  }
}
