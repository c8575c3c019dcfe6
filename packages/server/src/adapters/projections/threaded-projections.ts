import { Worker } from 'node:worker_threads'
import { assert } from '@tiphys/core/assert.ts'
import { ProjectionError } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import type { ProjectionRunner } from './projections.ts'
import type {
  ThreadAnswer,
  ThreadData,
  ThreadFailure,
  ThreadMethod,
  ThreadQuestion,
} from './thread-messages.ts'

export type ThreadedProjectionsParts = {
  readonly store: Pick<Store, 'headPosition'>
  /** The module that runs in the thread. */
  readonly entry: URL
  readonly data: ThreadData
}

/**
 * Projections that are folded, stored and listed in a thread of their own, which reads the log through its own connection: the thread that
 * decides does none of that work. The thread starts when it is first needed, and again when it broke.
 */
export function createThreadedProjections(parts: ThreadedProjectionsParts): ProjectionRunner {
  let thread: FoldingThread | undefined
  let isClosed = false
  let foldedPosition = -1

  async function ask(method: ThreadMethod, ...values: unknown[]): Promise<unknown> {
    assert(!isClosed, 'projections are not used after they were closed')
    if (thread === undefined || thread.isOver()) {
      thread = startThread(parts.entry, parts.data)
      foldedPosition = -1
    }
    return await thread.ask(method, values)
  }

  return {
    async catchUp() {
      const head = await parts.store.headPosition()
      if (head <= foldedPosition && thread?.isOver() === false) return
      await ask('catchUp')
      foldedPosition = Math.max(foldedPosition, head)
    },
    // What the thread answers is what its runner does; only its type is lost on the way.
    get: (...values) => ask('get', ...values) as ReturnType<ProjectionRunner['get']>,
    list: (...values) => ask('list', ...values) as ReturnType<ProjectionRunner['list']>,
    dump: () => ask('dump') as ReturnType<ProjectionRunner['dump']>,
    async rebuild() {
      await ask('rebuild')
    },
    async forgetProject(projectId) {
      await ask('forgetProject', projectId)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await thread?.close()
    },
  }
}

type FoldingThread = {
  ask(method: ThreadMethod, values: readonly unknown[]): Promise<unknown>
  isOver(): boolean
  /** Ends what it is at after the batch, and the thread. */
  close(): Promise<void>
}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

function startThread(entry: URL, data: ThreadData): FoldingThread {
  const worker = new Worker(entry, { workerData: data, name: 'projections' })
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let isOver = false
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))

  function end(reason: string, cause?: unknown): void {
    isOver = true
    const error = new ProjectionError(reason, cause === undefined ? {} : { cause })
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }

  worker.on('message', (answer: ThreadAnswer) => {
    const one = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) one?.reject(errorOf(answer.error))
    else one?.resolve(answer.value)
  })
  worker.on('error', (error) => end('the thread that folds the lists broke', error))
  worker.on('exit', () => end('the thread that folds the lists has ended'))

  function ask(method: ThreadMethod, values: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      lastId += 1
      waiting.set(lastId, { resolve, reject })
      worker.postMessage({ id: lastId, method, values } satisfies ThreadQuestion)
    })
  }

  return {
    ask,
    isOver: () => isOver,
    async close() {
      if (isOver) return
      // The thread ends by itself once it has closed its files.
      await Promise.race([ask('close', []).catch(() => undefined), ended])
      await ended
    },
  }
}

function errorOf({ name, message, stack, cause }: ThreadFailure): Error {
  const options = cause === undefined ? {} : { cause: errorOf(cause) }
  const error =
    name === ProjectionError.name
      ? new ProjectionError(message, options)
      : new Error(message, options)
  error.stack = stack
  return error
}
