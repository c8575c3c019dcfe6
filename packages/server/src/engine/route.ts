import { type KeptnEvent, parseEventType, taskEventType } from '@tiphys/contract/event.ts'
import { APPROVAL } from '@tiphys/core/sequence/plan.ts'
import { questionOf } from '@tiphys/core/sequence/questions.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import { type Actor, TIPHYS } from '../intake/actor.ts'
import type { CommitUnit } from '../ports/store.ts'
import { allows } from '../security/allows.ts'
import type { EngineAnswer, EngineInput } from './engine.ts'
import type { ProjectSnapshot } from './project-snapshot.ts'
import type { RunBook } from './run-book.ts'
import type { StepBuilder } from './step.ts'

/** What a decided input answers, and what is written beside the runs it drove. */
export type JobPlan = {
  readonly answer: EngineAnswer
  readonly extra?: Omit<CommitUnit, 'nowMs' | 'writes'> & { writes?: CommitUnit['writes'] }
}

/** Where an event goes: to the run that waits for it, into a lane as a new run, or to the inbox (architecture.md, follow one event). */
export function route(
  book: RunBook,
  builder: StepBuilder,
  input: EngineInput,
  snapshot: ProjectSnapshot | undefined,
): JobPlan {
  const { event, projectId, actor } = input
  const context = event.shkeptncontext ?? event.id
  const keys = input.dedupeKeys === undefined ? {} : { dedupeKeys: input.dedupeKeys }
  const effects = input.effects === undefined ? {} : { effects: input.effects }
  const common = { ...keys, ...effects }
  const answer = (routed: 'run' | 'new-run' | 'inbox'): EngineAnswer => ({
    code: 'accepted',
    context,
    eventId: event.id,
    routed,
  })
  const type = parseEventType(event.type)
  if (!input.inboxOnly && projectId !== undefined) {
    if (type.kind === 'sequence' && type.action === 'triggered') {
      const { service } = event.data
      const project = typeof event.data['project'] === 'string' ? event.data['project'] : ''
      const origin = input.origin === undefined ? {} : { origin: input.origin }
      const pinned = snapshot === undefined ? {} : { snapshot }
      builder.start({
        projectId,
        project,
        service: typeof service === 'string' ? service : '',
        stage: type.stage,
        sequence: type.sequence,
        event,
        by: actor.name,
        ...(allows(actor, 'answer', project) ? {} : { senderMayAnswer: false }),
        ...origin,
        ...pinned,
      })
      return { answer: answer('new-run'), extra: common }
    }
    const run = event.triggeredid === undefined ? undefined : book.runOfTask(event.triggeredid)
    const mayAnswer = run?.plan.projectId === projectId && isAnswerable(run, event, actor)
    if (mayAnswer && builder.drive(run, { type: 'answer', event, by: actor.name })) {
      return { answer: answer('run'), extra: common }
    }
  }
  const stream = projectId === undefined ? 'inbox' : `inbox:${projectId}`
  const owner = projectId === undefined ? {} : { projectId }
  const meta = { ...input.meta, by: actor.name }
  const writes = [{ stream, expectedVersion: 'any' as const, events: [{ event, meta, ...owner }] }]
  return { answer: answer('inbox'), extra: { ...common, writes } }
}

/** What a built-in executor carries out is answered by it alone; of an approval people send the end, and nothing else. */
function isAnswerable(run: OpenRun, event: KeptnEvent, actor: Actor): boolean {
  const task = run.open.find((one) => one.event.id === event.triggeredid)
  // What a task asked is asked of others.
  if (task === undefined) return questionOf(run, event.triggeredid) !== undefined
  if (run.plan.tasks[task.index]?.carrier !== 'tiphys' || actor === TIPHYS) return true
  return task.name === APPROVAL && event.type === taskEventType(APPROVAL, 'finished')
}
