import { isMap, parseDocument, Scalar, stringify } from 'yaml'
import { EVENT_TEMPLATE } from './event-template.ts'

/**
 * What Argo CD Notifications needs to tell Tiphys about deployments: a webhook, a template, three triggers and subscriptions of every
 * application with our labels (facts/argocd.md 3). Argo CD merges nothing, so it is applied server-side: other entries of the
 * ConfigMap stay as they are.
 */
export type NotificationsConfig = {
  /** Where Argo CD reaches Tiphys, without `/api`. */
  readonly url: string
  /** Where people reach Argo CD: the beginning of each event's source. */
  readonly argocdUrl: string
  readonly namespace: string
  /** For applications without the annotation `tiphys.dev/sequence`. */
  readonly sequence: string
  /** Printed as a Secret when given. */
  readonly token?: string
}

export const CONFIG_MAP = 'argocd-notifications-cm'
export const SECRET = 'argocd-notifications-secret'
const TOKEN_KEY = 'tiphys-token'

/** An operation of ours carries our run id; it is followed already and must not come back as news. */
const NOT_OURS = `none(app.status.operationState.operation?.info ?? [], {.name == 'tiphys.dev/run'})`

const TRIGGERS = {
  'trigger.on-tiphys-deployed': [
    'app.status?.operationState != nil',
    "app.status.operationState.phase == 'Succeeded'",
    "app.status.health.status == 'Healthy'",
    "app.status.sync.status == 'Synced'",
    'app.status.operationState.operation?.sync?.dryRun != true',
    'app.status.operationState.operation?.sync?.autoHealAttemptsCount == nil',
    NOT_OURS,
  ],
  'trigger.on-tiphys-sync-failed': [
    "app.status?.operationState?.phase in ['Failed', 'Error']",
    NOT_OURS,
  ],
  'trigger.on-tiphys-degraded': [
    "app.status?.operationState?.phase == 'Succeeded'",
    "app.status.health.status == 'Degraded'",
    NOT_OURS,
  ],
} as const

/** YAML documents for `kubectl apply --server-side`. */
export function notificationsConfig(config: NotificationsConfig): string {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: CONFIG_MAP, namespace: config.namespace },
    data: {
      'service.webhook.tiphys': stringify({
        url: `${config.url}/api/v1/event`,
        headers: [
          { name: 'Content-Type', value: 'application/json' },
          { name: 'x-token', value: `$${TOKEN_KEY}` },
        ],
      }),
      'template.tiphys-event': stringify({
        webhook: { tiphys: { method: 'POST', body: block(eventTemplate(config)) } },
      }),
      ...Object.fromEntries(
        Object.entries(TRIGGERS).map(([name, conditions]) => [name, triggerText(conditions)]),
      ),
      subscriptions: stringify([
        subscription('tiphys.dev/project'),
        // The labels of Keptn's Argo CD integration; an application with both is told about once.
        subscription('keptnProject,!tiphys.dev/project'),
      ]),
    },
  }
  const documents = [configMap, ...(config.token === undefined ? [] : [secret(config)])]
  return [usage(config), ...documents.map(yamlText)].join('---\n')
}

function usage(config: NotificationsConfig): string {
  const token =
    config.token === undefined
      ? `# The token goes into the Secret ${SECRET} under the key ${TOKEN_KEY}; --mint-token <name> makes one that may only trigger.\n`
      : '# Keep it: the token below is shown this once. It may only trigger.\n'
  return `# Apply with: kubectl apply --server-side --field-manager tiphys -f <this file>\n${token}`
}

function eventTemplate({ argocdUrl, sequence }: NotificationsConfig): string {
  return EVENT_TEMPLATE.replaceAll('@ARGOCD_URL@', argocdUrl).replaceAll('@SEQUENCE@', sequence)
}

/** Once for each operation: with the revision instead, a rollback to a known revision would never be told about. */
function triggerText(conditions: readonly string[]): string {
  return stringify([
    {
      when: block(conditions.join('\nand ')),
      oncePer: 'app.status.operationState.startedAt',
      send: ['tiphys-event'],
    },
  ])
}

function subscription(selector: string) {
  return {
    recipients: ['tiphys'],
    selector,
    triggers: ['on-tiphys-deployed', 'on-tiphys-sync-failed', 'on-tiphys-degraded'],
  }
}

function secret({ namespace, token }: NotificationsConfig) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET, namespace },
    stringData: { [TOKEN_KEY]: token },
  }
}

function block(text: string): Scalar {
  const scalar = new Scalar(text)
  scalar.type = 'BLOCK_LITERAL'
  return scalar
}

/** Texts of several lines stand as they are, so that people can read and change them. */
function yamlText(value: unknown): string {
  const document = parseDocument(stringify(value))
  const data = document.get('data')
  if (isMap(data)) {
    for (const { value: entry } of data.items) {
      if (entry instanceof Scalar) entry.type = 'BLOCK_LITERAL'
    }
  }
  return document.toString({ lineWidth: 0 })
}
