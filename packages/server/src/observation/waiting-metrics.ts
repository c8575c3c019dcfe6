import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WaitingReason } from '@tiphys/core/sequence/why.ts'
import type { Engine } from '../engine/engine.ts'
import type { Meter } from '../ports/meter.ts'
import type { Projects } from '../projects/projects.ts'

/** Reasons are worked out for this many runs at a scrape; the rest counts as `not-looked-at`. About 10 µs each. */
const MOST_RUNS = 20_000
/** Between so many contexts other work gets its turn: 2 ms. */
const CONTEXTS_PER_TURN = 200
const MS_PER_SECOND = 1_000

type Parts = {
  readonly engine: Pick<Engine, 'openRunsOf' | 'why' | 'openRun'>
  readonly projects: Pick<Projects, 'list'>
  readonly meter: Meter
}

/**
 * What open runs wait for, by the same function that answers `tiphys why`. Other work goes on meanwhile, so a run that ends in these
 * moments may be counted or not.
 */
export async function collectWaiting(
  { engine, projects, meter }: Parts,
  nowMs: number,
): Promise<void> {
  const open: { value: number; labels: { project: string } }[] = []
  const tally = new WaitingTally(nowMs)
  let looked = 0
  let asked = 0
  for (const { name, projectId } of projects.list()) {
    const runs = engine.openRunsOf(projectId)
    open.push({ value: runs.length, labels: { project: name } })
    const contexts = new Set<string>()
    for (const run of runs) {
      if (looked++ < MOST_RUNS) contexts.add(run.context)
      else tally.skipped(name)
    }
    for (const context of contexts) {
      for (const reason of engine.why(projectId, context)) tally.take(name, reason)
      if (++asked % CONTEXTS_PER_TURN === 0) await nextTurn()
    }
  }
  meter.replace('tiphys_runs_open', open)
  meter.replace('tiphys_runs_waiting', tally.waiting())
  meter.replace('tiphys_oldest_wait_seconds', tally.oldest())
  meter.replace('tiphys_approvals_open', tally.approvals())
  meter.set('tiphys_lanes_waiting', tally.lanes(), {})
}

class WaitingTally {
  readonly #nowMs: number
  readonly #runs = new Map<string, { project: string; code: string; runs: Set<string> }>()
  readonly #since = new Map<string, number>()
  readonly #lanes = new Set<string>()
  readonly #approvals = new Map<string, { project: string; stage: string; count: number }>()
  #skips = 0

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  take(project: string, { code, runId, sinceMs, stage, service }: WaitingReason): void {
    this.#add(project, code, runId ?? `${stage}/${service}`)
    this.#since.set(code, Math.min(sinceMs, this.#since.get(code) ?? sinceMs))
    if (code === 'lane') this.#lanes.add(`${project}/${stage}/${service}`)
    if (code !== 'approval') return
    const key = `${project}/${stage}`
    const known = this.#approvals.get(key) ?? { project, stage, count: 0 }
    this.#approvals.set(key, { ...known, count: known.count + 1 })
  }

  skipped(project: string): void {
    this.#add(project, 'not-looked-at', String(this.#skips++))
  }

  #add(project: string, code: string, runId: string): void {
    const key = `${project}/${code}`
    const known = this.#runs.get(key) ?? { project, code, runs: new Set<string>() }
    known.runs.add(runId)
    this.#runs.set(key, known)
  }

  waiting() {
    return [...this.#runs.values()].map(({ project, code, runs }) => ({
      value: runs.size,
      labels: { project, waiting_for: code },
    }))
  }

  oldest() {
    return [...this.#since].map(([code, sinceMs]) => ({
      value: Math.max(0, this.#nowMs - sinceMs) / MS_PER_SECOND,
      labels: { waiting_for: code },
    }))
  }

  approvals() {
    return [...this.#approvals.values()].map(({ project, stage, count }) => ({
      value: count,
      labels: { project, stage },
    }))
  }

  lanes(): number {
    return this.#lanes.size
  }
}
