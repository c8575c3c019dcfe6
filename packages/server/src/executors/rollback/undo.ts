import type { ResolvedApplication } from '@tiphys/contract/argocd-mapping.ts'
import { DEFAULT_PATIENCE } from '@tiphys/core/deployment/wish.ts'
import { keepTrying } from '../../argocd/keep-trying.ts'
import { mappingOf } from '../../argocd/mapped-application.ts'
import type { Progress } from '../../argocd/progress.ts'
import { wishedRevisions } from '../../argocd/standing-in-git.ts'
import { lookBeforeWriting, openAttempt, type TaskAttempt } from '../../argocd/task-attempt.ts'
import type {
  FieldAt,
  FieldState,
  FindChangeAnswer,
  GitopsBranch,
} from '../../ports/desired-state.ts'
import type { DeploymentDocument } from '../../projections/deployments.ts'
import type { TaskJob } from '../executor.ts'
import { verdictsOf } from './deployment-verdict.ts'
import { restore } from './restore.ts'
import { errored, passed, type Restored } from './restored.ts'
import type { RollbackPowers } from './rollback-powers.ts'
import { type TargetQuestion, targetState, valuesAt } from './target-state.ts'
import { type ForeignDeployment, NOTHING, type OurDeployment } from './what-to-undo.ts'

export type Undoing = {
  readonly powers: RollbackPowers
  readonly job: TaskJob
  readonly progress: Progress
}

/** Takes back a deployment of ours: the fields that its record names. */
export async function undoOurs(undoing: Undoing, deployment: OurDeployment): Promise<Restored> {
  const { powers, job, progress } = undoing
  const { record } = deployment
  const { git } = record
  const changed = record.fields.filter(({ before, after }) => before !== after)
  if (git === undefined || changed.length === 0) {
    return passed(`${NOTHING}: the deployment of ${record.application} changed nothing in Git`)
  }
  const attempt = openAttempt(powers, job, mappedFor(job, deployment), progress)
  if ('message' in attempt) return errored(attempt.message)
  if (record.step === 'planned') {
    const found = await wasCommitted(attempt, git)
    if (found.code === 'refused') return errored(found.message)
    if (found.code === 'none') {
      return passed(`${NOTHING}: the deployment of ${record.application} ended before its commit`)
    }
  }
  const left = changed.map(({ file, field, after }) => ({ file, field, value: after }))
  const before = changed.map((one) => ({ file: one.file, field: one.field, value: one.before }))
  return await restoreTo(undoing, attempt, {
    deployment,
    branch: { repository: git.repository, branch: git.branch },
    left,
    before: { code: 'values', values: before },
  })
}

/** Takes back a deployment that Argo CD made by itself: the fields that argocd.yaml names, where they differ from the target. */
export async function undoForeign(
  undoing: Undoing,
  deployment: ForeignDeployment,
): Promise<Restored> {
  const { powers, job, progress } = undoing
  const { origin } = deployment
  const mapped = mappingOf(job.snapshot, deployment)
  if (mapped?.git === undefined) {
    return errored(
      `cannot roll back application ${origin.application}: no argocd.yaml names its fields in Git`,
    )
  }
  const attempt = openAttempt(powers, job, mapped, progress)
  if ('message' in attempt) return errored(attempt.message)
  const looked = await lookBeforeWriting(attempt)
  if (looked.code === 'refused') return errored(looked.message)
  const wished = wishedRevisions(looked.application, mapped.git, 'any')
  if (wished.code === 'mismatch') return errored(wished.message)
  const source = wished.revisions.findIndex((revision) => revision !== '')
  const revision = origin.revisions[source] ?? ''
  const { repository, branch } = mapped.git
  const fields: FieldAt[] = mapped.git.fields.map(({ file, field }) => ({ file, field }))
  const left = await valuesAt({ attempt, branch: { repository, branch }, fields }, revision)
  if (left.code === 'refused') return errored(left.message)
  if (left.code === 'gone') {
    return errored(
      `cannot roll back application ${origin.application}: revision ${revision} has no such fields`,
    )
  }
  const previous = origin.previousRevisions?.[source]
  return await restoreTo(undoing, attempt, {
    deployment,
    branch: { repository, branch },
    left: left.values,
    before: previous ? { code: 'revision', revision: previous } : { code: 'unknown' },
  })
}

/** The task ended between its push and the record of it, or before its push: only Git knows. */
async function wasCommitted(
  { powers, job, trying }: TaskAttempt,
  git: GitopsBranch & { readonly key: string },
): Promise<{ code: 'found' } | { code: 'none' } | { code: 'refused'; message: string }> {
  const branch = { repository: git.repository, branch: git.branch }
  const tried = await keepTrying<FindChangeAnswer>(trying, async () => {
    const answer = await powers.desiredState.findChange({ branch, key: git.key }, job.signal)
    return answer.code === 'failed' && answer.failure.retryable
      ? { code: 'again', message: answer.failure.message }
      : { code: 'done', value: answer }
  })
  if (tried.code === 'out-of-time') return { code: 'refused', message: tried.message }
  const { value } = tried
  return value.code === 'failed' ? { code: 'refused', message: value.failure.message } : value
}

type ToRestore = {
  readonly deployment: DeploymentDocument
  readonly left: readonly FieldState[]
} & Pick<TargetQuestion, 'branch' | 'before'>

async function restoreTo(
  { powers, job }: Undoing,
  attempt: TaskAttempt,
  { deployment, branch, left, before }: ToRestore,
): Promise<Restored> {
  const { instance, uid, stage, service, position } = deployment
  const { projectId } = job
  const history = await powers.deployments.ofApplication({ projectId, instance, uid })
  const ofPlace = history.filter((one) => one.stage === stage && one.service === service)
  const verdicts = await verdictsOf(powers.projections, { projectId, stage, service }, ofPlace)
  const good = ofPlace.filter((one) => {
    const verdict = verdicts.get(one)
    return one.position < position && (verdict === 'pass' || verdict === 'warning')
  })
  const target = await targetState({ attempt, branch, fields: left, good, before })
  if (target.code === 'refused') return errored(target.message)
  const differs = left.map(({ value }, index) => value !== target.values[index]?.value)
  if (!differs.includes(true)) {
    return passed(`${NOTHING}: ${deployment.application} holds ${target.origin} already`)
  }
  const looked = await lookBeforeWriting(attempt)
  if (looked.code === 'refused') return errored(looked.message)
  return await restore({
    attempt,
    application: looked.application,
    branch,
    rollbackOf: deployment.runId,
    left: left.filter((_, index) => differs[index]),
    target: target.values.filter((_, index) => differs[index]),
    origin: target.origin,
  })
}

/** The application as argocd.yaml describes it now; if it no longer does, as the deployment recorded it. */
function mappedFor(job: TaskJob, deployment: OurDeployment): ResolvedApplication {
  const { record } = deployment
  const mapped = mappingOf(job.snapshot, deployment)
  if (mapped !== undefined) return mapped
  return {
    name: record.application,
    instance: record.instance,
    application: record.application,
    ...(record.namespace === undefined ? {} : { namespace: record.namespace }),
    project: record.argocdProject,
    prune: false,
    settleMs: DEFAULT_PATIENCE.settleMs,
    graceMs: DEFAULT_PATIENCE.degradedGraceMs,
    requireSynced: DEFAULT_PATIENCE.requireSynced,
    uris: [],
  }
}
