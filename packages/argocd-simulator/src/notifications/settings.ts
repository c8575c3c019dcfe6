import { z } from 'zod'

/**
 * What a notification says. `tiphys` is the template of examples/argocd-notifications-cm.yaml; `seed` is the
 * short form of Keptn's documentation, without any identity of the operation.
 */
export const notificationForms = ['tiphys', 'seed'] as const

export const triggerNames = [
  'on-tiphys-deployed',
  'on-tiphys-sync-failed',
  'on-tiphys-degraded',
  'on-deployed',
] as const

export type TriggerName = (typeof triggerNames)[number]

const DEFAULT_RETRY_MAX = 3
const DEFAULT_RETRY_WAIT_MIN_MS = 1_000
const DEFAULT_RETRY_WAIT_MAX_MS = 5_000

const webhookSchema = z.strictObject({
  /** Name of the service, the part after `service.webhook.` in the ConfigMap. */
  name: z.string().min(1),
  url: z.url(),
  headers: z.array(z.strictObject({ name: z.string().min(1), value: z.string() })).default([]),
  form: z.enum(notificationForms).default('tiphys'),
  /** Tries after the first one. */
  retryMax: z.number().int().min(0).default(DEFAULT_RETRY_MAX),
  retryWaitMinMs: z.number().min(0).default(DEFAULT_RETRY_WAIT_MIN_MS),
  retryWaitMaxMs: z.number().min(0).default(DEFAULT_RETRY_WAIT_MAX_MS),
})

export const notificationsSchema = z.strictObject({
  /** Appears in the `source` of events; the URL of the simulator if left out. */
  argocdUrl: z.url().optional(),
  webhooks: z.array(webhookSchema),
  /** Like `subscriptions` of the ConfigMap; annotations on applications subscribe as well. */
  subscriptions: z
    .array(
      z.strictObject({
        recipients: z.array(z.string().min(1)).min(1),
        /** Label selector; every application if left out. */
        selector: z.string().optional(),
        triggers: z.array(z.enum(triggerNames)).min(1),
      }),
    )
    .default([]),
  /** Triggers without oncePer: repeated after failures, and on every change from false to true. */
  triggersWithoutOncePer: z.array(z.enum(triggerNames)).default([]),
})

/** Settings as a caller writes them, with defaults left out. */
export type NotificationsSettings = z.input<typeof notificationsSchema>

/** Settings with all defaults filled in. */
export type ParsedNotifications = z.output<typeof notificationsSchema>

export type Webhook = z.output<typeof webhookSchema>
