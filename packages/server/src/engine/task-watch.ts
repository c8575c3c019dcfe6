import type { OpenTask } from '@tiphys/core/sequence/run-state.ts'

/** An open task as it is on disk, for its executor; what was decided and is not written yet is not seen. */
export type TaskWatch = {
  /** It was written. */
  update(task: OpenTask): void
  /** Resolves with what is found in the task, now or after one of the next writes. Rejects when the signal aborts. */
  until<Found>(find: (task: OpenTask) => Found | undefined): Promise<Found>
}

export function watchTask(first: OpenTask, signal: AbortSignal): TaskWatch {
  let latest = first
  let next: PromiseWithResolvers<void> | undefined
  signal.addEventListener('abort', () => next?.reject(signal.reason), { once: true })

  return {
    update(task) {
      latest = task
      next?.resolve()
      next = undefined
    },
    async until(find) {
      for (;;) {
        signal.throwIfAborted()
        const found = find(latest)
        if (found !== undefined) return found
        next ??= Promise.withResolvers<void>()
        await next.promise
      }
    },
  }
}
