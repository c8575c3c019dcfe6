import type { EffectRow, NewEffect } from '../../ports/store.ts'

/** Effects that wait for their time. */
export type MemoryOutbox = {
  add(effect: NewEffect): void
  due(nowMs: number, limit: number): EffectRow[]
  nextDueMs(): number | undefined
  settle(key: string): void
  postpone(key: string, dueMs: number, reason: string): void
  deleteProject(projectId: string): void
}

export function createMemoryOutbox(): MemoryOutbox {
  const effects = new Map<string, EffectRow>()
  const inOrder = () => [...effects.values()].sort((left, right) => left.dueMs - right.dueMs)

  return {
    add(effect) {
      if (!effects.has(effect.key)) {
        effects.set(effect.key, { ...structuredClone(effect), attempts: 0 })
      }
    },
    due: (nowMs, limit) =>
      inOrder()
        .filter((effect) => effect.dueMs <= nowMs)
        .slice(0, limit),
    nextDueMs: () => inOrder()[0]?.dueMs,
    settle(key) {
      effects.delete(key)
    },
    postpone(key, dueMs, reason) {
      const known = effects.get(key)
      if (known === undefined) return
      effects.set(key, { ...known, dueMs, attempts: known.attempts + 1, lastError: reason })
    },
    deleteProject(projectId) {
      for (const [key, effect] of effects) {
        if (effect.projectId === projectId) effects.delete(key)
      }
    },
  }
}
