import type { JsonObject } from '@tiphys/contract/json.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import type { WaitingReason } from '@tiphys/core/sequence/why.ts'
import type { StoredEvent } from '../../src/ports/store.ts'
import type { Effect } from './built-in-executors.ts'
import type { Message } from './clients.ts'
import type { FileFreeze, FileShipyard } from './shop-files.ts'
import type { Swarm } from './swarm.ts'

/** What a story leaves behind, for the checkers. */
export type Story = {
  readonly seed: number
  readonly swarm: Swarm
  readonly steps: number
  /** The log after three quiet days. */
  readonly rows: readonly StoredEvent[]
  /** First and last position of each commit that reached the disk. */
  readonly commits: readonly Commit[]
  /** The open runs as the engine that is left has them, after those three days. */
  readonly open: readonly OpenRun[]
  readonly reasons: readonly WaitingReason[]
  readonly nowMs: number
  readonly messages: readonly Message[]
  /** Which freezes held from when on, in order. */
  readonly freezes: readonly KnownFreezes[]
  /** Projects whose deletion was at least begun. */
  readonly deleted: ReadonlySet<string>
  readonly effects: readonly Effect[]
  /** How often the effect of an accepted hint was carried out to its end, by event id. */
  readonly hints: ReadonlyMap<string, number>
  readonly crashes: number
  /** By how much timers may have been late: clock set forward, disk full, nobody there. */
  readonly excusedMs: number
  readonly wasSetBack: boolean
  /** What a checker saw while the story went on: the first is thrown. */
  readonly complaints: readonly string[]
  /** Folded lists as they were kept, and folded anew. */
  readonly live: Lists
  readonly rebuilt: Lists
  /** Open runs after everybody waited as long as anything may take. */
  readonly neverEnding: readonly string[]
  readonly shipyardAt: (projectId: string, commitId: string) => FileShipyard | undefined
  /** What happened, in readable lines. */
  readonly trace: readonly string[]
}

export type Commit = { readonly from: number; readonly to: number }

export type Lists = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>

export type KnownFreezes = {
  readonly fromMs: number
  /** Undefined: somebody is changing them. */
  readonly freezes: readonly FileFreeze[] | undefined
}
