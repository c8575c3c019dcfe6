import { LivePod, type ResourceNode } from '@tiphys/contract/argocd-api.ts'
import type { Application } from '@tiphys/contract/argocd-application.ts'
import type { ResolvedApplication } from '@tiphys/contract/argocd-mapping.ts'
import {
  ARGOCD_INDICATORS,
  ARGOCD_PROVIDER,
  type ArgocdFacts,
  argocdIndicator,
  readArgocd,
} from '@tiphys/core/argocd-sli/indicators.ts'
import {
  NO_RESTARTS,
  type Restarts,
  restartsOf,
  sum,
} from '@tiphys/core/argocd-sli/pod-restarts.ts'
import {
  measured,
  type SliDetail,
  type SliProblemCode,
  type SliValue,
  unmeasured,
} from '@tiphys/core/evaluation/sli-value.ts'
import type { SliProvider, SliRequest } from '@tiphys/providers/sli/sli-provider.ts'
import type { SeenHealth } from '../../argocd/health-history.ts'
import { mappedApplications, type ServicePlace } from '../../argocd/mapped-application.ts'
import type { ApplicationRef, ArgoCd, ArgoCdFailure, ArgoCdInstances } from '../../ports/argocd.ts'
import type { Clock } from '../../ports/clock.ts'

export type ArgocdSliParts = {
  readonly argocd: ArgoCdInstances
  /** Where people look at an instance. */
  readonly urlOf: (instance: string) => string | undefined
  readonly seenHealth: (instance: string, application: Application) => Promise<SeenHealth>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Of which service, and which of its applications a run deployed, where it says. */
export type ArgocdPlace = ServicePlace & { readonly deployed?: string | undefined }

/** Each is one call; a service has a handful of pods that were restarted. */
const MOST_PODS = 50

/** Argo CD itself as a provider: what it knows of the application of a service, without any query. */
export function createArgocdProvider(parts: ArgocdSliParts, place: ArgocdPlace): SliProvider {
  const lookOnce = memoised((application: ResolvedApplication, signal?: AbortSignal) =>
    look(parts, application, signal),
  )
  return {
    name: ARGOCD_PROVIDER,
    async fetchValue(request) {
      const { indicator, query } = request
      const name = query?.query.trim() || indicator
      const detail = { provider: ARGOCD_PROVIDER, query: name }
      const named = argocdIndicator(name)
      if (!named.ok) return unmeasured(indicator, 'unknown-indicator', named.message, detail)
      const chosen = choose(place, request)
      if (!chosen.ok) return unmeasured(indicator, 'query-refused', chosen.message, detail)
      const looked = await lookOnce(chosen.application, request.signal)
      if (!looked.ok) return failed(indicator, looked, detail)
      const needed =
        named.indicator === 'restarts' ? await readRestarts(looked, request) : undefined
      if (needed?.ok === false) return failed(indicator, needed, detail)
      const facts = {
        ...looked.facts,
        ...(needed === undefined ? {} : { restarts: needed.restarts }),
      }
      const reading = readArgocd(named.indicator, facts, toSpan(request.window))
      const unit = query?.unit ?? ARGOCD_INDICATORS[named.indicator]
      const said = { ...detail, ...linkOf(parts, looked), ...(unit === '' ? {} : { unit }) }
      if (reading.code === 'none') {
        return unmeasured(indicator, reading.problem, reading.message, said)
      }
      const remarks = reading.remark === undefined ? {} : { remarks: [reading.remark] }
      const value = reading.value * (query?.scale ?? 1)
      return measured(indicator, value, { ...said, ...remarks })
    },
  }
}

type Chosen =
  | { readonly ok: true; readonly application: ResolvedApplication }
  | { readonly ok: false; readonly message: string }

/** The application that the query names, or the one the run deployed, or the only one there is. */
function choose(place: ArgocdPlace, { query }: SliRequest): Chosen {
  const mapped = mappedApplications(place)
  if (mapped.code !== 'mapped') return { ok: false, message: mapped.message }
  const { applications } = mapped
  const known = applications.map(({ name }) => name).join(', ')
  const unknown = Object.keys(query?.with ?? {}).filter((key) => key !== 'application')
  if (unknown.length > 0) {
    return {
      ok: false,
      message: `with: ${unknown[0]} is not an option of argocd; it knows application`,
    }
  }
  const wanted = query?.with?.['application']
  if (wanted !== undefined) {
    const found = applications.find(({ name }) => name === wanted)
    if (found !== undefined) return { ok: true, application: found }
    const message = `with: argocd.yaml has no application ${JSON.stringify(wanted)}; it has ${known}`
    return { ok: false, message }
  }
  const [only, second] = applications
  const deployed = applications.find(({ application }) => application === place.deployed)
  if (deployed !== undefined) return { ok: true, application: deployed }
  if (only !== undefined && second === undefined) return { ok: true, application: only }
  const message =
    only === undefined
      ? `argocd.yaml names no application for service ${place.service} in stage ${place.stage}`
      : `service ${place.service} has several applications (${known}): say which with "with: { application: … }"`
  return { ok: false, message }
}

type Looked = {
  readonly ok: true
  readonly argocd: ArgoCd
  readonly ref: ApplicationRef
  readonly facts: ArgocdFacts
}
type Refused = { readonly ok: false; readonly problem: SliProblemCode; readonly message: string }

async function look(
  { argocd, seenHealth, clock }: ArgocdSliParts,
  { instance, application: name, namespace, project }: ResolvedApplication,
  signal?: AbortSignal,
): Promise<Looked | Refused> {
  const client = argocd.get(instance)
  if (client === undefined) {
    const message = `no Argo CD is connected as ${instance}: the server's tiphys.yaml needs it under argocd`
    return { ok: false, problem: 'query-refused', message }
  }
  const ref = { name, project, ...(namespace === undefined ? {} : { namespace }) }
  const answer = await client.get(ref, {}, signal)
  if (answer.code !== 'ok') return refusedBy(answer)
  const application = answer.value
  const seen = await seenHealth(instance, application)
  const shown = namespace === undefined ? name : `${namespace}/${name}`
  return {
    ok: true,
    argocd: client,
    ref,
    facts: { name: shown, application, ...seen, nowMs: clock.nowMs() },
  }
}

type ReadRestarts = { readonly ok: true; readonly restarts: Restarts } | Refused

/** Of the pods there are now: those that are gone took their counts with them. */
async function readRestarts(
  { argocd, ref }: Looked,
  { window, signal }: SliRequest,
): Promise<ReadRestarts> {
  const tree = await argocd.resourceTree(ref, signal)
  if (tree.code !== 'ok') return refusedBy(tree)
  const restarted = tree.value.filter((node) => node.kind === 'Pod' && restartCount(node) > 0)
  if (restarted.length > MOST_PODS) {
    const message = `${restarted.length} pods were restarted, which are more than are read one by one (${MOST_PODS})`
    return { ok: false, problem: 'provider-failed', message }
  }
  let restarts = NO_RESTARTS
  for (const { name, namespace } of restarted) {
    const pod = { group: '', version: 'v1', kind: 'Pod', namespace: namespace ?? '', name }
    const live = await argocd.liveResource(ref, pod, signal)
    // Gone since the tree was read.
    if (live.code === 'not-found' || live.code === 'invalid') continue
    if (live.code !== 'ok') return refusedBy(live)
    const parsed = LivePod.safeParse(live.value)
    if (!parsed.success) {
      return { ok: false, problem: 'provider-failed', message: `pod ${name} is not as expected` }
    }
    restarts = sum(restarts, restartsOf(parsed.data, toSpan(window)))
  }
  return { ok: true, restarts }
}

function restartCount({ info }: ResourceNode): number {
  return Number(info?.find(({ name }) => name === 'Restart Count')?.value ?? 0)
}

function refusedBy({ code, message }: ArgoCdFailure): Refused {
  switch (code) {
    case 'unauthenticated':
    case 'permission-denied':
      return { ok: false, problem: 'auth-refused', message }
    case 'unreachable':
    case 'timed-out':
      return { ok: false, problem: 'unreachable', message }
    default:
      return { ok: false, problem: 'provider-failed', message }
  }
}

function failed(indicator: string, { problem, message }: Refused, detail: SliDetail): SliValue {
  return unmeasured(indicator, problem, message, detail)
}

function linkOf({ urlOf }: ArgocdSliParts, { argocd, facts }: Looked): { readonly link?: string } {
  const url = urlOf(argocd.instance)
  const { name, namespace } = facts.application.metadata
  if (url === undefined) return {}
  const path = [namespace, name].filter((part) => part !== '').map(encodeURIComponent)
  return { link: `${url.replace(/\/$/, '')}/applications/${path.join('/')}` }
}

function toSpan({ startMs, endMs }: SliRequest['window']) {
  return { startMs, endMs }
}

/** All indicators of an evaluation are read from one look at the application. */
function memoised<Key extends object, Value>(
  make: (key: Key, signal?: AbortSignal) => Promise<Value>,
): (key: Key, signal?: AbortSignal) => Promise<Value> {
  const made = new Map<string, Promise<Value>>()
  return (key, signal) => {
    const text = JSON.stringify(key)
    const value = made.get(text) ?? make(key, signal)
    made.set(text, value)
    return value
  }
}
