import {
  ArgocdApplications,
  ArgocdInstances,
  LintAnswer,
  LintBody,
  ServerInformation,
} from '@tiphys/contract/http/native-server.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { z } from 'zod'
import { isForEveryProject, mayUse } from '../access.ts'
import { ok } from '../answer.ts'
import { KEPTN_VERSION } from '../keptn-v1/metadata.ts'
import type { ServerFacts } from '../parts.ts'
import type { AddRoute } from '../route.ts'

export type ArgocdPart = {
  instances(): Promise<z.output<typeof ArgocdInstances>['instances']>
  applications(instance?: string): Promise<z.output<typeof ArgocdApplications>['applications']>
}

/** What is wrong with files that belong together (a shipyard and the files beside it), by name. */
export type LintPart = (files: Readonly<Record<string, string>>) => readonly Problem[]

export type ServerRouteParts = {
  readonly argocd: ArgocdPart
  readonly lint: LintPart
  readonly server: Pick<ServerFacts, 'version' | 'commands'>
}

export function addNativeServerRoutes(add: AddRoute, parts: ServerRouteParts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/info',
    summary: 'The server, and the token that asks',
    success: ServerInformation,
    handle: ({ actor }) =>
      ok({
        name: 'tiphys' as const,
        version: parts.server.version,
        keptnVersion: KEPTN_VERSION,
        token: {
          name: actor.name,
          scopes: [...actor.scopes],
          projects: [...actor.projects],
        },
        ...commandsOf(parts.server),
      }),
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/lint',
    summary: 'What is wrong with files, at file, line and column; writes nothing',
    body: LintBody,
    success: LintAnswer,
    handle: ({ body }) => ok({ problems: [...parts.lint(body.files)] }),
  })
  add({
    method: 'GET',
    path: '/api/tiphys/v1/argocd/instances',
    summary: 'Connected Argo CD instances and whether they answer',
    success: ArgocdInstances,
    handle: async () => ok({ instances: await parts.argocd.instances() }),
  })
  add({
    method: 'GET',
    path: '/api/tiphys/v1/argocd/applications',
    summary: 'Applications that carry our labels or are named by a project',
    query: z.object({ instance: z.string().optional() }),
    success: ArgocdApplications,
    async handle({ query, actor }) {
      const all = await parts.argocd.applications(query.instance || undefined)
      const applications = all.filter(({ project }) =>
        project === undefined ? isForEveryProject(actor) : mayUse(actor, project),
      )
      return ok({ applications })
    },
  })
}

function commandsOf({
  commands,
}: Pick<ServerFacts, 'commands'>): Pick<ServerInformation, 'commands'> {
  if (commands === undefined) return {}
  const { enabled, allow } = commands
  return { commands: { enabled, ...(allow === undefined ? {} : { allow: [...allow] }) } }
}
