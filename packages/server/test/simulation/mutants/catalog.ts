/** A bug as somebody might write it: one place of the source, said otherwise. */
export type Mutant = {
  readonly name: string
  /** Below `packages/`. */
  readonly file: string
  /** Stands there exactly once. */
  readonly find: string
  readonly replace: string
}

/** Each has to be found; one that survives shows what the checkers do not look at. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the store does not compare versions',
    file: 'server/src/adapters/event-log/refusal.ts',
    find: "if (expectedVersion !== 'any' && expectedVersion !== actual) {",
    replace: "if (expectedVersion !== 'any' && expectedVersion < 0) {",
  },
  {
    name: 'due times are forgotten at a restart',
    file: 'server/src/engine/engine-loop.ts',
    find: '      this.#setDue(run.runId)\n      this.#dispatcher.reconcile(run.runId, run)',
    replace: '      this.#dispatcher.reconcile(run.runId, run)',
  },
  {
    name: 'executors are not begun again after a restart',
    file: 'server/src/engine/engine-loop.ts',
    find: '      this.#setDue(run.runId)\n      this.#dispatcher.reconcile(run.runId, run)',
    replace: '      this.#setDue(run.runId)',
  },
  {
    name: 'joins are forgotten at a restart',
    file: 'server/src/engine/engine-loop.ts',
    find: "const OPEN_STREAMS = ['run/', JOIN_PREFIX]",
    replace: "const OPEN_STREAMS = ['run/']",
  },
  {
    name: 'a lane is handed to a second run',
    file: 'core/src/queue/lane.ts',
    find: "if (!held.awaitingApproval || held.queue === 'hold' || candidate === undefined) return undefined",
    replace: 'if (candidate === undefined) return undefined',
  },
  {
    name: 'a lane is lent although its stage says hold',
    file: 'core/src/queue/lane.ts',
    find: "|| held.queue === 'hold' ",
    replace: '',
  },
  {
    name: 'an end triggers only its first child',
    file: 'core/src/sequence/begin-run.ts',
    find: 'if (rule.join !== undefined || !fires(rule, end)) return []',
    replace: 'if (index > 0 || rule.join !== undefined || !fires(rule, end)) return []',
  },
  {
    name: 'one key of a selector is enough',
    file: 'core/src/trigger/selector.ts',
    find: 'Object.entries(rule.match).every(',
    replace: 'Object.entries(rule.match).some(',
  },
  {
    name: 'the first of several handlers finishes the task',
    file: 'core/src/sequence/evolve-run.ts',
    find: 'if (finished.length >= Math.max(1, task.started.length)) {',
    replace: 'if (finished.length >= 1) {',
  },
  {
    name: 'a task has one attempt too few',
    file: 'core/src/sequence/steps.ts',
    find: 'attempt > retry.times',
    replace: 'attempt >= retry.times',
  },
  {
    name: 'the next step begins while a parallel task is open',
    file: 'core/src/sequence/steps.ts',
    find: 'if (run.open.length > 0 || run.next.length > 0) return run',
    replace: 'if (run.next.length > 0) return run',
  },
  {
    name: 'a task is triggered before its time',
    file: 'core/src/sequence/decide-run.ts',
    find: '(next) => next.dueMs <= nowMs && ',
    replace: '(next) => next.dueMs <= nowMs + 60_000 && ',
  },
  {
    name: 'dedupe keys are not written',
    file: 'server/src/engine/route.ts',
    find: 'const keys = input.dedupeKeys === undefined ? {} : { dedupeKeys: input.dedupeKeys }',
    replace: 'const keys = {}',
  },
  {
    name: 'clients are answered before the commit',
    file: 'server/src/engine/turns.ts',
    find: '      before = lastVersionOf(step.unit) ?? before',
    replace: '      job.resolve(answer)\n      before = lastVersionOf(step.unit) ?? before',
  },
  {
    name: 'a decision that was not written stays in the book',
    file: 'server/src/engine/turns.ts',
    find: '        await parts.reload(failure)\n',
    replace: '',
  },
  {
    name: 'decisions are written although those they stand on are not',
    file: 'server/src/engine/turns.ts',
    find: 'if (before === undefined || isEmpty(unit)) return unit',
    replace: 'if (before === undefined || !isEmpty(unit)) return unit',
  },
  {
    name: 'a log that cannot be read ends all turns',
    file: 'server/src/engine/turns.ts',
    find: '        await clock.sleep(RELOAD_RETRY_MS)\n',
    replace: '        throw error\n',
  },
  {
    name: 'a full disk is asked without a pause',
    file: 'server/src/engine/engine-loop.ts',
    find: 'if (failure instanceof Error) this.#alarm.hold(REFUSED_RETRY_MS)\n    else this.#alarm.arm()',
    replace: 'void failure\n    this.#alarm.arm()',
  },
  {
    name: 'a resumed run keeps its old deadlines',
    file: 'core/src/sequence/evolve-run.ts',
    find: 'return shifted(task, nowMs - pausedFromMs)',
    replace: 'return task',
  },
  {
    name: 'deadlines go on during a pause',
    file: 'core/src/sequence/deadlines.ts',
    find: '  if (run.paused !== undefined) {\n',
    replace: '  if (run.paused !== undefined && nowMs < 0) {\n',
  },
  {
    name: 'executors of tasks that are over are not cancelled',
    file: 'server/src/engine/dispatcher.ts',
    find: "if (task === undefined) controller.abort(new Error('the task is over'))\n      else watch.update(task)",
    replace: 'if (task !== undefined) watch.update(task)',
  },
  {
    name: 'a report is written again when the disk denied it',
    file: 'core/src/sequence/decide-run.ts',
    find: '      if (isBegunAgain(run, input)) return []\n',
    replace: '',
  },
  {
    name: 'notes of executors are lost',
    file: 'core/src/sequence/evolve-run.ts',
    find: 'notes: [...task.notes, noteOf(row.event)],',
    replace: 'notes: [noteOf(row.event)].slice(1),',
  },
  {
    name: 'a run whose time had come is forgotten when the clock goes back',
    file: 'server/src/engine/step.ts',
    find: '    if (isHeld) this.#touched.add(runId)',
    replace: '',
  },
  {
    name: 'an effect is done when it asks to be tried again',
    file: 'server/src/engine/outbox.ts',
    find: "if (outcome.code === 'done') {",
    replace: "if (outcome.code !== 'never') {",
  },
  {
    name: 'a freeze holds nobody',
    file: 'server/src/engine/freezes.ts',
    find: 'if (here.length === 0) return undefined',
    replace: 'if (here.length >= 0) return undefined',
  },
  {
    name: 'a question is asked again after a restart',
    file: 'core/src/sequence/questions.ts',
    find: 'if (task === undefined || task.questions.some(({ key }) => key === input.key)) return []',
    replace: 'if (task === undefined) return []',
  },
  {
    name: 'the answer to a question does not reach its executor',
    file: 'server/src/engine/dispatcher.ts',
    find: 'else watch.update(task)',
    replace: 'else void watch',
  },
  {
    name: 'a question that nobody answers is never given up',
    file: 'core/src/sequence/deadlines.ts',
    find: 'if (question !== undefined) return [question]',
    replace: 'if (question !== undefined && nowMs < 0) return [question]',
  },
  {
    name: 'a question takes answers after its end',
    file: 'core/src/sequence/questions.ts',
    find: 'if (question.reply !== undefined) return []',
    replace: '',
  },
  {
    name: 'the first of several who answer a question ends it',
    file: 'core/src/sequence/questions.ts',
    find: 'if (finished.length < Math.max(1, question.started.length)) return { ...heard, finished }',
    replace: '',
  },
]
