import type { FilePath } from '@tiphys/contract/problem.ts'
import type { ImportedFile, ImportProject, LocatedDifference } from './import-project.ts'

/** A secret that a file of a Keptn service names; its values were never in Git. */
export type SecretUse = {
  readonly name: string
  readonly keys: readonly string[]
  readonly file: ImportedFile
  readonly path: FilePath
}

/** What a repository cannot tell, and what was kept elsewhere: subscriptions, evaluations, secrets. */
export function outsideGit(
  project: ImportProject,
  more: {
    readonly secrets: readonly SecretUse[]
    /** An slo.yaml that compares with earlier evaluations. */
    readonly comparing?: ImportedFile
  },
): readonly LocatedDifference[] {
  return [subscriptions(project), ...history(more.comparing), ...secretsToEnter(more.secrets)]
}

function subscriptions(project: ImportProject): LocatedDifference {
  const webhooks = project.answerers.filter(({ by }) => by === 'webhook-service')
  return {
    severity: 'info',
    code: 'subscriptions-not-in-git',
    path: [],
    was: 'Which service answers which task, for which stages and services, was in its database; the Bridge shows it under Settings, Integrations.',
    now: 'That cannot be read from a repository, and this report does not know it.',
    todo:
      webhooks.length === 0
        ? 'Look there before you switch Keptn off.'
        : 'Look there before you switch Keptn off: the subscription ids in webhook.yaml mean nothing without it.',
  }
}

function history(file: ImportedFile | undefined): LocatedDifference[] {
  if (file === undefined) return []
  return [
    {
      severity: 'info',
      code: 'history-not-in-git',
      file,
      path: [],
      was: 'Criteria like <=+10% were compared with earlier evaluations, which are in its database.',
      now: 'The first evaluation here has none to compare with, so relative criteria hold until there are some; fixed criteria hold from the start.',
    },
  ]
}

/** One for each name: several files may use a secret. */
function secretsToEnter(secrets: readonly SecretUse[]): LocatedDifference[] {
  const byName = Map.groupBy(secrets, ({ name }) => name)
  return [...byName].flatMap(([name, uses]): LocatedDifference[] => {
    const [first] = uses
    if (first === undefined) return []
    const keys = [...new Set(uses.flatMap((use) => use.keys))].sort()
    const literals = keys.map((key) => `--from-literal ${key}=…`).join(' ')
    return [
      {
        severity: 'info',
        code: 'secret-to-enter',
        file: first.file,
        path: first.path,
        subject: name,
        was: 'The secret was in the cluster; its values are not in Git.',
        now: 'Whoever does this work from now on needs it; a secret that is stored here can be used and never read again.',
        todo: `Keep the values at hand: tiphys create secret ${name} ${literals || '--from-literal KEY=…'}`,
      },
    ]
  })
}
