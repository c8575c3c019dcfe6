import type { StageSettings } from '@tiphys/contract/project-yaml.ts'
import type { DeploymentDocument } from '../../projections/deployments.ts'

export type Undo =
  /** Deployments of ours, each of another application, newest first. */
  | { readonly code: 'ours'; readonly deployments: readonly OurDeployment[] }
  /** A deployment that Argo CD made by itself, in a stage that asks for rollbacks of those too. */
  | { readonly code: 'foreign'; readonly deployment: ForeignDeployment }
  | { readonly code: 'nothing'; readonly message: string }

export type OurDeployment = Extract<DeploymentDocument, { by: 'tiphys' }>
export type ForeignDeployment = Extract<DeploymentDocument, { by: 'argocd' }>

export const NOTHING = 'nothing to roll back'

/**
 * What the rollback of a context in a stage takes back (behaviour.md 8): its newest deployment, of every application it deployed; else
 * the deployment of Argo CD's own that it judges. A deployment made by a rollback is never taken back.
 */
export function whatToUndo(
  documents: readonly DeploymentDocument[],
  ownRunId: string,
  settings: StageSettings,
): Undo {
  const others = documents.filter(({ runId }) => runId !== ownRunId)
  const [newest] = [...others].sort((left, right) => right.position - left.position)
  if (newest === undefined) {
    return { code: 'nothing', message: `${NOTHING}: this context deployed nothing in this stage` }
  }
  if (newest.by === 'argocd') {
    if (settings.rollback === 'git') return { code: 'foreign', deployment: newest }
    return {
      code: 'nothing',
      message: `${NOTHING}: Argo CD made this deployment by itself, and the stage does not say rollback: git`,
    }
  }
  if (newest.record.kind === 'rollback') {
    return { code: 'nothing', message: `${NOTHING}: the last deployment was a rollback itself` }
  }
  const ofRun = others.filter(
    (one): one is OurDeployment => one.by === 'tiphys' && one.runId === newest.runId,
  )
  // A second task of the run may have deployed the same application again: the first record holds what was there before the run.
  const byApplication = Map.groupBy(ofRun, ({ instance, uid }) => `${instance}/${uid}`)
  return { code: 'ours', deployments: [...byApplication.values()].map(merged) }
}

/** One record for all that a run did to an application: values before its first change, and after its last. */
function merged(documents: readonly OurDeployment[]): OurDeployment {
  const ordered = [...documents].sort((left, right) => left.position - right.position)
  const [first] = ordered
  const last = ordered.at(-1)
  if (first === undefined || last === undefined || first === last)
    return documents[0] as OurDeployment
  const fields = new Map(
    ordered.flatMap(({ record }) =>
      record.fields.map((field) => [fieldKey(field), field] as const),
    ),
  )
  const mergedFields = [...fields].map(([key, after]) => {
    const before = ordered
      .flatMap(({ record }) => record.fields)
      .find((field) => fieldKey(field) === key)
    return { ...after, before: before?.before ?? after.before }
  })
  return { ...last, record: { ...last.record, before: first.record.before, fields: mergedFields } }
}

export function fieldKey({ file, field }: { file: string; field: unknown }): string {
  return `${file} ${JSON.stringify(field)}`
}
