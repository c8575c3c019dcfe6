import type { OperationState } from '@tiphys/contract/argocd-application.ts'
import type { ResolvedApplication } from '@tiphys/contract/argocd-mapping.ts'
import { applicationName, isOver } from '@tiphys/core/deployment/application-view.ts'
import {
  belongsToOperation,
  lastOperation,
  operationKey,
} from '@tiphys/core/deployment/attribution.ts'
import {
  type ForeignOutcome,
  judgeForeignOperation,
  type KnownOutcome,
} from '@tiphys/core/deployment/foreign-outcome.ts'
import { type JudgeMemory, NO_MEMORY } from '@tiphys/core/deployment/judgement.ts'
import {
  type Membership,
  membershipOf,
  sequenceOf,
} from '@tiphys/core/deployment/kubernetes-names.ts'
import { DEFAULT_PATIENCE } from '@tiphys/core/deployment/wish.ts'
import { uuidOf } from '@tiphys/core/event-id.ts'
import type { Bookmark, Bookmarks } from './bookmarks.ts'
import type { Considered, RunOfOperation, TrackerLook, TrackerParts } from './considered.ts'
import { foreignEvent, foreignOrigin } from './foreign-event.ts'
import { originJson } from './foreign-origin.ts'
import { mappingOf, patienceWith } from './mapped-application.ts'
import { type Owner, ownerOf } from './operation-owner.ts'
import { ownNews } from './own-news.ts'
import type { RunNews } from './run-door.ts'
import type { createStartLimit } from './start-limit.ts'

/** Outcome of an operation that a poll found, and that no sequence judges; a notification may still ask for one. */
const REFUSED = 'refused'
const UNCLEAR_RETRY_MS = 5_000
const WATCH_AGAIN_MS = 30_000

export type Tracking = {
  readonly parts: TrackerParts
  readonly bookmarks: Bookmarks
  readonly limit: ReturnType<typeof createStartLimit>
  readonly memories: Map<string, { readonly operation: string; readonly memory: JudgeMemory }>
}

type Place = Membership & { readonly projectId: string }

/** One look at one application; the diagram is in considered.ts. */
export class Consideration {
  readonly #tracking: Tracking
  readonly #look: TrackerLook

  constructor(tracking: Tracking, look: TrackerLook) {
    this.#tracking = tracking
    this.#look = look
  }

  async run(): Promise<Considered> {
    const { bookmarks } = this.#tracking
    const { application } = this.#look
    const place = this.#place()
    if (place === undefined) return { code: 'settled', bookmark: undefined }
    const before = await bookmarks.get(application.metadata.uid)
    const state = lastOperation(application)
    if (state === undefined)
      return await this.#mark(before, place, { operation: '', state: 'idle' })
    const known = before?.operation === state.startedAt ? before : undefined
    const isReopened = known?.outcome === REFUSED && this.#look.hint !== undefined
    if (known?.state === 'closed' && !isReopened) return { code: 'settled', bookmark: known }
    if (application.operation || !isOver(state)) {
      return await this.#mark(before, place, { operation: state.startedAt, state: 'in-progress' })
    }
    if (known?.state === 'watched') return await this.#watch(known, state)
    if (known?.state === 'pending') return await this.#judge(known, place, state)
    return await this.#attribute(before, known, place, state)
  }

  async runOf(): Promise<RunOfOperation> {
    const { bookmarks } = this.#tracking
    const { application } = this.#look
    const place = this.#place()
    const state = lastOperation(application)
    if (place === undefined || state === undefined) return { code: 'none' }
    const before = await bookmarks.get(application.metadata.uid)
    const known = before?.operation === state.startedAt ? before : undefined
    if (known?.runId !== undefined) return { code: 'run', runId: known.runId }
    const owner = await this.#owner(before, known, place)
    if (owner.code === 'unclear') return owner
    return owner.code === 'ours' ? { code: 'run', runId: owner.runId } : { code: 'none' }
  }

  async startedFor(runId: string): Promise<void> {
    const place = this.#place()
    const state = lastOperation(this.#look.application)
    if (place === undefined || state === undefined) return
    const reason = 'an event started its run'
    const change = { operation: state.startedAt, state: 'watched', runId, reason } as const
    await this.#mark(undefined, place, { ...change, outcome: 'deployed' })
  }

  /** Which of our projects the application says it belongs to. */
  #place(): Place | undefined {
    const membership = membershipOf(this.#look.application.metadata)
    const project = membership && this.#tracking.parts.projects.find(membership.project)
    return membership && project && { ...membership, projectId: project.projectId }
  }

  async #mapping(place: Place): Promise<ResolvedApplication | undefined> {
    const { parts } = this.#tracking
    const snapshot = await parts.projects.snapshot(place.projectId)
    const application = this.#look.application.metadata.name
    return mappingOf(snapshot, { ...place, instance: parts.instance, application })
  }

  async #owner(
    before: Bookmark | undefined,
    known: Bookmark | undefined,
    place: Place,
  ): Promise<Owner> {
    const { parts, bookmarks } = this.#tracking
    const { application, signal } = this.#look
    const nowMs = parts.clock.nowMs()
    const git = (await this.#mapping(place))?.git
    return await ownerOf(parts, {
      instance: parts.instance,
      projectId: place.projectId,
      application,
      ...(git === undefined ? {} : { git }),
      facts: {
        connectedMs: await bookmarks.connectedMs(nowMs),
        isKnownApplication: before !== undefined,
        wasSeenInProgress: known?.state === 'in-progress' || known?.state === 'pending',
        nowMs,
      },
      signal,
    })
  }

  async #attribute(
    before: Bookmark | undefined,
    known: Bookmark | undefined,
    place: Place,
    state: OperationState,
  ): Promise<Considered> {
    const { parts } = this.#tracking
    const { application } = this.#look
    const owner = await this.#owner(before, known, place)
    const operation = state.startedAt
    switch (owner.code) {
      case 'unclear':
        return again(UNCLEAR_RETRY_MS, owner.message)
      case 'no-operation':
        return { code: 'settled', bookmark: before }
      case 'ours':
        return await this.#ours(before, place, owner)
      case 'no-deployment':
      case 'baseline':
      case 'listed': {
        const reason = `${owner.code}: ${owner.reason}`
        return await this.#mark(before, place, { operation, state: 'closed', reason })
      }
      case 'foreign': {
        const refused = await this.#refusal(place)
        if (refused !== undefined) {
          parts.log.warn(
            {
              instance: parts.instance,
              application: application.metadata.name,
              project: place.project,
              stage: place.stage,
              service: place.service,
            },
            refused,
          )
          const closed = { state: 'closed', outcome: REFUSED, reason: refused } as const
          return await this.#mark(before, place, { operation, ...closed })
        }
        const pending = { operation, state: 'pending' } as const
        await this.#mark(before, place, pending)
        return await this.#judge(await this.#known(), place, state)
      }
    }
  }

  async #ours(
    before: Bookmark | undefined,
    place: Place,
    { runId, by, startedAt }: Extract<Owner, { code: 'ours' }>,
  ): Promise<Considered> {
    const reason = `operation of run ${runId}, known by ${by}`
    const change = { operation: startedAt, state: 'watched', runId, reason } as const
    return await this.#mark(before, place, change)
  }

  async #known(): Promise<Bookmark | undefined> {
    return await this.#tracking.bookmarks.get(this.#look.application.metadata.uid)
  }

  /** A run that could not begin is not started by a poll; what a notification asks for is, and says why it cannot. */
  async #refusal(place: Place): Promise<string | undefined> {
    if (this.#look.hint !== undefined) return undefined
    const snapshot = await this.#tracking.parts.projects.snapshot(place.projectId)
    const sequence = sequenceOf(this.#look.application.metadata)
    const stage = snapshot.shipyard.spec.stages.find(({ name }) => name === place.stage)
    const isThere = stage?.sequences?.some(({ name }) => name === sequence)
    return isThere || sequence === 'evaluation'
      ? undefined
      : `project ${place.project} has no sequence ${sequence} in stage ${place.stage}, so nothing judges this deployment`
  }

  async #judge(
    known: Bookmark | undefined,
    place: Place,
    state: OperationState,
  ): Promise<Considered> {
    const outcome = await this.#outcome(place, state)
    if (outcome.code === 'pending') {
      return { ...again(outcome.lookAgainMs, outcome.message), needsRefresh: outcome.needsRefresh }
    }
    // A run of ours may have adopted it since the first look.
    const owner = await this.#owner(known, known, place)
    if (owner.code === 'unclear') return again(UNCLEAR_RETRY_MS, owner.message)
    if (owner.code === 'ours') return await this.#ours(known, place, owner)
    const { catchUpBeforeMs, hint } = this.#look
    const startedMs = Date.parse(state.startedAt)
    if (hint === undefined && catchUpBeforeMs !== undefined && startedMs < catchUpBeforeMs) {
      const waitMs = this.#tracking.limit.take()
      if (waitMs > 0) return again(waitMs, 'other runs of the time we were away come first')
    }
    return await this.#start(place, state, outcome)
  }

  async #outcome(place: Place, state: OperationState): Promise<ForeignOutcome> {
    const { parts, memories } = this.#tracking
    const { application } = this.#look
    const { uid } = application.metadata
    const remembered = memories.get(uid)
    const mapped = await this.#mapping(place)
    const judged = judgeForeignOperation({
      application,
      state,
      patience: mapped === undefined ? DEFAULT_PATIENCE : patienceWith(mapped),
      memory: remembered?.operation === state.startedAt ? remembered.memory : NO_MEMORY,
      nowMs: parts.clock.nowMs(),
    })
    if (judged.outcome.code === 'pending') {
      memories.set(uid, { operation: state.startedAt, memory: judged.memory })
    } else memories.delete(uid)
    return judged.outcome
  }

  /** One run per operation: id, context and key follow from it, so that doing it twice is doing it once. */
  async #start(place: Place, state: OperationState, outcome: KnownOutcome): Promise<Considered> {
    const { parts } = this.#tracking
    const { application, hint } = this.#look
    const key = operationKey(parts.instance, application.metadata.uid, state.startedAt)
    const runId = uuidOf(key)
    await parts.door.submitTriggered({
      projectId: place.projectId,
      dedupeKey: key,
      event: foreignEvent({
        id: runId,
        context: hint?.context ?? uuidOf(`${key}#context`),
        application,
        state,
        membership: place,
        outcome,
        ...(hint === undefined ? {} : { hint }),
      }),
      origin: originJson(foreignOrigin(parts.instance, application, state, outcome.code)),
    })
    const { operation, reason } = { operation: state.startedAt, reason: outcome.message }
    const isOpen = outcome.code === 'deployed'
    return await this.#mark(undefined, place, {
      operation,
      state: isOpen ? 'watched' : 'closed',
      runId,
      reason,
      outcome: outcome.code,
    })
  }

  /** Degraded health belongs to the operation until ten minutes after its end. */
  async #watch(known: Bookmark, state: OperationState): Promise<Considered> {
    const { parts, bookmarks, memories } = this.#tracking
    const { projectId, stage, service, runId } = known
    const close = async (outcome?: string): Promise<Considered> => {
      const bookmark = { ...known, state: 'closed' as const, ...(outcome ? { outcome } : {}) }
      await bookmarks.put(bookmark)
      return { code: 'settled', bookmark }
    }
    // What began in time is waited for, though its grace ends later.
    const sinceMs = memories.get(known.uid)?.memory.degradedSinceMs ?? parts.clock.nowMs()
    if (!belongsToOperation(state, sinceMs) || runId === undefined) return await close()
    if (projectId === undefined || stage === undefined || service === undefined) {
      return await close()
    }
    const { application } = this.#look
    const own = await ownNews(parts.deployments, { ...known, projectId, runId })
    if (own === 'told') return await close()
    const watched = { code: 'watched', runId, afterMs: WATCH_AGAIN_MS } as const
    if (own === 'not-yet') return watched
    const membership = membershipOf(application.metadata)
    const place: Place = { project: membership?.project ?? '', projectId, stage, service }
    const outcome = await this.#outcome(place, state)
    if (outcome.code !== 'degraded') return watched
    await this.#tell({
      key: `${operationKey(parts.instance, known.uid, known.operation)}:degraded`,
      projectId,
      runId,
      project: place.project,
      stage,
      service,
      instance: parts.instance,
      application: applicationName(application),
      outcome: 'degraded',
      message: outcome.message,
    })
    return await close('degraded')
  }

  async #tell(news: RunNews): Promise<void> {
    const { door, isKnownRun } = this.#tracking.parts
    // An info of another Tiphys, or of a run that retention took: nobody is left to be told.
    if (!(await isKnownRun(news.projectId, news.runId))) return
    const told = await door.tellRun(news)
    if (told === 'ended') await door.reportProblem(news)
  }

  async #mark(
    before: Bookmark | undefined,
    place: Place,
    change: Pick<Bookmark, 'operation' | 'state'> & Partial<Bookmark>,
  ): Promise<Considered> {
    const { parts, bookmarks } = this.#tracking
    const { metadata } = this.#look.application
    const isSame = before?.operation === change.operation && before.state === change.state
    const bookmark: Bookmark = {
      instance: parts.instance,
      uid: metadata.uid,
      application: metadata.name,
      namespace: metadata.namespace,
      projectId: place.projectId,
      stage: place.stage,
      service: place.service,
      reason: '',
      seenMs: parts.clock.nowMs(),
      ...change,
    }
    if (!isSame) await bookmarks.put(bookmark)
    const { runId } = bookmark
    if (change.state === 'watched' && runId !== undefined) {
      return { code: 'watched', runId, afterMs: WATCH_AGAIN_MS }
    }
    return { code: 'settled', bookmark: isSame ? before : bookmark }
  }
}

function again(afterMs: number, reason: string): Extract<Considered, { code: 'again' }> {
  return { code: 'again', afterMs, needsRefresh: false, reason }
}
