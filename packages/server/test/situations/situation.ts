import type { ContextTimeline } from '@tiphys/contract/http/native-run.ts'
import type { Answer } from '../api/test-api.ts'

/** One line of the table: what somebody did, what came of it, and the sentence they read. */
export type Situation = {
  readonly situation: string
  /** `400`, `errored / fail`, `waits`, `exit 2`. */
  readonly outcome: string
  readonly sentence: string
}

/** Of an HTTP answer. Files that are refused name every problem. */
export function answered(situation: string, answer: Answer): Situation {
  const body = (answer.json ?? {}) as {
    message?: unknown
    problems?: { file: string; line: number; column: number; message: string }[]
  }
  const problems = body.problems?.map(
    ({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`,
  )
  const sentence = typeof body.message === 'string' ? body.message : ''
  const more = problems?.filter((problem) => !sentence.includes(problem)) ?? []
  return {
    situation,
    outcome: String(answer.status),
    sentence: [sentence, ...more].join('\n'),
  }
}

/** Of a context that is over: how its first run ended, in the words of the task that decided, or of the run when no task did. */
export function ended(situation: string, timeline: ContextTimeline, sequence?: string): Situation {
  const run = timeline.runs.find((one) => sequence === undefined || one.sequence === sequence)
  const task = run?.tasks.findLast((one) => one.state === 'done')
  return {
    situation,
    outcome: `${task?.status ?? run?.status} / ${task?.result ?? run?.result}`,
    sentence: task?.message ?? run?.message ?? '',
  }
}

/** Of a context that goes on: what it says it waits for, and who ends that. */
export function waiting(situation: string, timeline: ContextTimeline): Situation {
  const waits = timeline.runs.flatMap((run) => run.waiting)
  return {
    situation,
    outcome: `waits (${waits.map((one) => one.code).join(', ')})`,
    sentence: waits.map((one) => `${one.message} → ${one.resolvedBy}`).join('\n'),
  }
}

/** Of the command line: what it printed for people. */
export function printed(
  situation: string,
  result: { readonly code: number | null; readonly stdout: string; readonly stderr: string },
): Situation {
  const text = result.stderr.trim() === '' ? result.stdout : result.stderr
  return { situation, outcome: `exit ${result.code}`, sentence: text.trim() }
}
