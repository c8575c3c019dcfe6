import { parseDuration } from '@tiphys/contract/duration.ts'
import type { FilePath } from '@tiphys/contract/problem.ts'
import type { Shipyard, ShipyardSequence, ShipyardTask } from '@tiphys/contract/shipyard.ts'
import { APPROVAL, EVALUATION } from '../sequence/plan.ts'
import type { Difference } from './difference.ts'
import { mergeDifferences } from './merge-differences.ts'
import { triggerDifferences } from './trigger-differences.ts'

/** What a shipyard that Keptn ran does otherwise here (facts/keptn-v1.md 1; compatibility.md, second table). */
export function shipyardDifferences(shipyard: Shipyard): readonly Difference[] {
  const { stages } = shipyard.spec
  const sequences = stages.flatMap((stage, stageIndex) =>
    (stage.sequences ?? []).flatMap((sequence, index) => {
      const path = ['spec', 'stages', stageIndex, 'sequences', index]
      return sequenceDifferences(sequence, stage.name, path)
    }),
  )
  return [
    ...triggerDifferences(stages),
    ...sequences,
    ...mergeDifferences(stages),
    ...(sequences.length === 0 && stages.every((stage) => (stage.sequences ?? []).length === 0)
      ? []
      : [everyWaitEnds()]),
  ]
}

function everyWaitEnds(): Difference {
  return {
    severity: 'changes',
    code: 'waits-end',
    path: ['spec'],
    was: 'A task that was started and never finished, and an approval that nobody gave, waited for ever.',
    now: 'A task ends errored after 24 hours without an end, an approval after 30 days.',
    todo: 'For tasks that take longer set the property timeout (72h, say).',
  }
}

function sequenceDifferences(
  sequence: ShipyardSequence,
  stage: string,
  path: FilePath,
): Difference[] {
  return [
    ...keyDifferences(sequence, path, SEQUENCE_KEYS),
    ...(sequence.triggeredOn ?? []).flatMap((trigger, index) =>
      keyDifferences(trigger, [...path, 'triggeredOn', index], TRIGGER_KEYS),
    ),
    ...comesFirst(sequence, stage, path),
    ...worstResult(sequence, path),
    ...(sequence.tasks ?? []).flatMap((task, index) => {
      const taskPath = [...path, 'tasks', index]
      return [
        ...delayDifferences(task, index, taskPath),
        ...keyDifferences(task, taskPath, TASK_KEYS),
        ...keyDifferences(task.properties, [...taskPath, 'properties'], PROPERTIES),
        ...(task.name === APPROVAL ? approvalDifferences(task, stage, taskPath) : []),
        ...(task.name === EVALUATION ? timeframeDifferences(task, taskPath) : []),
      ]
    }),
  ]
}

/** A rollback, say: started by another sequence of its own stage, in the same queue. */
function comesFirst(sequence: ShipyardSequence, stage: string, path: FilePath): Difference[] {
  const triggers = sequence.triggeredOn ?? []
  const index = triggers.findIndex(({ event }) => event.startsWith(`${stage}.`))
  if (index === -1) return []
  return [
    {
      severity: 'changes',
      code: 'triggered-comes-first',
      path: [...path, 'triggeredOn', index, 'event'],
      subject: `${stage}.${sequence.name}`,
      was: 'Started by another sequence of its stage, it queued behind the runs that waited there already.',
      now: 'It comes before them: nothing is deployed between a failure and its rollback.',
    },
  ]
}

function worstResult({ name, tasks }: ShipyardSequence, path: FilePath): Difference[] {
  const index = (tasks ?? []).findIndex((task) => task.name === EVALUATION)
  if (index === -1 || index === (tasks ?? []).length - 1) return []
  return [
    {
      severity: 'info',
      code: 'worst-result-is-shown',
      path: [...path, 'tasks', index],
      subject: name,
      was: 'The sequence ended with the result of its last task, so a warning of the evaluation was forgotten when a task came behind it.',
      now: 'Events and selectors have the same result; --wait, reports and our API show the worst on the way.',
    },
  ]
}

function delayDifferences(task: ShipyardTask, index: number, path: FilePath): Difference[] {
  const delay = task.triggeredAfter ?? ''
  if (delay === '') return []
  const place = [...path, 'triggeredAfter']
  if (parseDuration(delay) === undefined) {
    return [
      {
        severity: 'info',
        code: 'delay-unreadable',
        path: place,
        was: `triggeredAfter ${JSON.stringify(delay)} is no duration, so the task began at once.`,
        now: 'The same.',
        todo: 'Write 10m, 1h30m or 90s, or remove it.',
      },
    ]
  }
  if (index > 0) return []
  return [
    {
      severity: 'changes',
      code: 'first-task-delayed',
      path: place,
      was: 'While the first task was delayed, the sequence held the queue of its service in this stage.',
      now: 'It holds nothing until its first task begins; others may run before it.',
    },
  ]
}

/** Keys that Keptn did not know, and that are rules here. A shipyard that was written for Keptn has them by accident only. */
const TASK_KEYS: Meanings = {
  parallel: 'whether the task starts together with the one before it',
  if: 'the condition under which the task is carried out',
  retry: 'how often the task is tried again',
}
const TRIGGER_KEYS: Meanings = {
  and: 'what else has to end before the sequence starts',
  within: 'how long the sequence waits for the other ends',
  soak: 'the time between the end that triggers and the first task',
}
/** Properties that were only data for whoever carried out a task, and are rules here. */
const PROPERTIES: Meanings = {
  timeout: 'the deadline of the task',
  executor: 'who carries the task out (tiphys, external)',
}
const SEQUENCE_KEYS: Meanings = { timeout: 'the deadline of the sequence' }

type Meanings = Readonly<Record<string, string>>

function keyDifferences(
  map: object | null | undefined,
  path: FilePath,
  known: Meanings,
): Difference[] {
  return Object.entries(map ?? {}).flatMap(([key, value]) => {
    const meaning = Object.hasOwn(known, key) ? known[key] : undefined
    if (meaning === undefined || value === undefined || value === null) return []
    return [hasMeaning(key, [...path, key], meaning)]
  })
}

function hasMeaning(key: string, path: FilePath, meaning: string): Difference {
  return {
    severity: 'changes',
    code: 'key-has-meaning',
    path,
    was: `${key} meant nothing to Keptn itself.`,
    now: `It is ${meaning}.`,
    todo: 'Rename it if it was meant for something else.',
  }
}

function approvalDifferences(task: ShipyardTask, stage: string, path: FilePath): Difference[] {
  const { pass, warning } = task.properties ?? {}
  if (pass === 'automatic' && warning === 'automatic') return []
  const unset = [
    ['pass', pass],
    ['warning', warning],
  ].filter(([, strategy]) => strategy !== 'automatic' && strategy !== 'manual')
  const queue: Difference = {
    severity: 'changes',
    code: 'approval-queue',
    path,
    was: 'While an approval was open, newer runs overtook it, and both could be deployed over each other.',
    now: 'A newer run of the same sequence that reaches this stage ends the one that waits (aborted, and nothing is triggered by it).',
    todo: `To keep Keptn's way write stages.${stage}.queue: overtake into tiphys/project.yaml; hold makes newer runs wait.`,
  }
  if (unset.length === 0) return [queue]
  const names = unset.map(([name]) => name).join(' and ')
  return [
    queue,
    {
      severity: 'info',
      code: 'approval-default',
      path,
      was: `${names} ${unset.length > 1 ? 'are' : 'is'} not set, so somebody had to approve (the documentation said automatic).`,
      now: 'The same: manual. Who approved, when and why is recorded.',
      todo: `Where nobody should be asked write ${unset.map(([name]) => `${name}: automatic`).join(', ')}.`,
    },
  ]
}

function timeframeDifferences(task: ShipyardTask, path: FilePath): Difference[] {
  const { timeframe } = task.properties ?? {}
  if (timeframe === undefined || timeframe === null || timeframe === '') return []
  return [
    {
      severity: 'changes',
      code: 'evaluation-timeframe',
      path: [...path, 'properties', 'timeframe'],
      was: 'The window ended when the lighthouse got round to it, so a busy system measured too late.',
      now: 'It ends when the evaluation task became due, after its triggeredAfter.',
    },
  ]
}
