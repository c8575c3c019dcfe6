import { getCompileCacheDir } from 'node:module'
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
  /** A thread that was asked nothing for so long is ended; the next question starts another. */
  readonly idleMs?: number
}

/** It takes 25 MB, and a quarter of a second to start. */
const IDLE_MS = 10_000

/**
 * Projections that are folded, stored and listed in a thread of their own, which reads the log through its own connection: the thread that
 * decides does none of that work. The thread starts when it is first needed, ends when nobody asks any more, and starts again when it broke.
 */
export function createThreadedProjections(parts: ThreadedProjectionsParts): ProjectionRunner {
  const { idleMs = IDLE_MS } = parts
  let thread: FoldingThread | undefined
  let ending: Promise<void> = Promise.resolve()
  let idle: NodeJS.Timeout | undefined
  let isClosed = false
  /** Everything up to here is in the stored documents, whichever thread put it there. */
  let foldedPosition = -1

  function checkOpen(): void {
    assert(!isClosed, 'projections are not used after they were closed')
  }

  async function ask(method: ThreadMethod, ...values: unknown[]): Promise<unknown> {
    checkOpen()
    if (thread === undefined || thread.isOver()) thread = startThread(parts.entry, parts.data)
    const current = thread
    clearTimeout(idle)
    try {
      return await current.ask(method, values)
    } finally {
      clearTimeout(idle)
      idle = setTimeout(endIdle, idleMs).unref()
    }
  }

  function endIdle(): void {
    if (thread === undefined || isClosed) return
    if (thread.isBusy()) {
      idle = setTimeout(endIdle, idleMs).unref()
      return
    }
    ending = thread.close()
    thread = undefined
  }

  return {
    async catchUp() {
      checkOpen()
      const head = await parts.store.headPosition()
      if (head <= foldedPosition) return
      await ask('catchUp')
      foldedPosition = Math.max(foldedPosition, head)
    },
    // What the thread answers is what its runner does; only its type is lost on the way.
    get: (...values) => ask('get', ...values) as ReturnType<ProjectionRunner['get']>,
    list: (...values) => ask('list', ...values) as ReturnType<ProjectionRunner['list']>,
    dump: () => ask('dump') as ReturnType<ProjectionRunner['dump']>,
    async rebuild() {
      foldedPosition = -1
      await ask('rebuild')
    },
    async forgetProject(projectId) {
      await ask('forgetProject', projectId)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      clearTimeout(idle)
      await ending
      await thread?.close()
    },
  }
}

/**
 * JavaScript, so that the compile cache is on before the first module of ours is read: without it the thread loads a stripper of types of its
 * own, which takes 20 MB.
 */
const BOOTSTRAP = `
  const { workerData } = require('node:worker_threads')
  if (workerData.compileCache) require('node:module').enableCompileCache(workerData.compileCache)
  import(workerData.entry)
`
/** Documents of a batch live for the batch; more room for new objects makes it no faster. */
const YOUNG_GENERATION_MB = 8

type FoldingThread = {
  ask(method: ThreadMethod, values: readonly unknown[]): Promise<unknown>
  isOver(): boolean
  isBusy(): boolean
  /** Ends what it is at after the batch, and the thread. */
  close(): Promise<void>
}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

function startThread(entry: URL, data: ThreadData): FoldingThread {
  const worker = new Worker(BOOTSTRAP, {
    eval: true,
    workerData: { ...data, entry: entry.href, compileCache: getCompileCacheDir() },
    name: 'projections',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  })
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
    isBusy: () => waiting.size > 0,
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
