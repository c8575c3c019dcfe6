import { JobFileNames, WebhookFileNames } from '@tiphys/contract/keptn-service-files.ts'
import { type Locate, parseYaml } from '@tiphys/contract/yaml-file.ts'
import type { Answerer, ImportedFile } from '@tiphys/core/import/import-project.ts'
import type { SecretUse } from '@tiphys/core/import/outside-git.ts'

/** What webhook.yaml and job/config.yaml tell about the project besides their own work. */
export type ServiceNames = {
  readonly answerer: Answerer
  readonly secrets: readonly SecretUse[]
  readonly at: Locate
}

/** Undefined when the file cannot be read: Keptn's services could not either, and nobody here tries to. */
export function webhookNames(file: ImportedFile, text: string): ServiceNames | undefined {
  const parsed = parseYaml(WebhookFileNames, text, file.path, { unknownKeys: 'warn' })
  if (!parsed.ok) return undefined
  const webhooks = parsed.value.spec?.webhooks ?? []
  const secrets = webhooks.flatMap((webhook, index) =>
    (webhook.envFrom ?? []).flatMap(({ secretRef }, variable): SecretUse[] => {
      if (!secretRef?.name) return []
      const path = ['spec', 'webhooks', index, 'envFrom', variable, 'secretRef', 'name']
      return [{ name: secretRef.name, keys: secretRef.key ? [secretRef.key] : [], file, path }]
    }),
  )
  const events = webhooks.flatMap(({ type }, index) =>
    type ? [{ type, path: ['spec', 'webhooks', index, 'type'] }] : [],
  )
  return { answerer: answererOf('webhook-service', file, events), secrets, at: parsed.at }
}

export function jobNames(file: ImportedFile, text: string): ServiceNames | undefined {
  const parsed = parseYaml(JobFileNames, text, file.path, { unknownKeys: 'warn' })
  if (!parsed.ok) return undefined
  const actions = parsed.value.actions ?? []
  const events = actions.flatMap((action, index) =>
    (action.events ?? []).flatMap(({ name }, place) =>
      name ? [{ type: name, path: ['actions', index, 'events', place, 'name'] }] : [],
    ),
  )
  const secrets = actions.flatMap((action, index) =>
    (action.tasks ?? []).flatMap((task, taskIndex) =>
      (task.env ?? []).flatMap((variable, place): SecretUse[] => {
        if (variable.valueFrom !== 'secret' || typeof variable.name !== 'string') return []
        const path = ['actions', index, 'tasks', taskIndex, 'env', place, 'name']
        return [{ name: variable.name, keys: [], file, path }]
      }),
    ),
  )
  return { answerer: answererOf('job-executor-service', file, events), secrets, at: parsed.at }
}

function answererOf(by: Answerer['by'], file: ImportedFile, events: Answerer['events']): Answerer {
  return { by, place: file.place, file, events }
}
