import type { RunInput } from '@tiphys/core/sequence/decide-run.ts'
import type { ControlRequest } from './engine.ts'

/** What somebody who steers a context asks of each of its runs. */
export function controlInput({ action, actor, stage, reason = '' }: ControlRequest): RunInput {
  const by = actor.name
  switch (action) {
    case 'pause':
      return { type: 'pause', by, scope: stage === undefined ? 'context' : 'stage' }
    case 'resume':
      return { type: 'resume', by }
    case 'abort':
      return { type: 'abort', by, message: `aborted by ${by}` }
    case 'override-freeze':
      return { type: 'unfreeze', by, reason }
  }
}
