import type { TaskAnswer } from '../executor.ts'

/** What came of rolling back one application. */
export type Restored = Extract<TaskAnswer, { code: 'finished' }>

export function passed(message: string): Restored {
  return { code: 'finished', status: 'succeeded', result: 'pass', message }
}

export function errored(message: string): Restored {
  return { code: 'finished', status: 'errored', result: 'fail', message }
}
