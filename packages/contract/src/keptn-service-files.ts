import { z } from 'zod'

/**
 * Files of Keptn's own services, as far as somebody who moves away wants to know of them: what they answer to, and which secrets they
 * name (facts/keptn-v1.md 4). They are not carried out from these schemas, so everything else in them is left alone.
 */

const SecretReference = z.looseObject({
  secretRef: z.looseObject({ name: z.string().nullish(), key: z.string().nullish() }).nullish(),
})

export const WebhookFileNames = z.looseObject({
  spec: z
    .looseObject({
      webhooks: z
        .array(
          z.looseObject({
            type: z.string().nullish(),
            subscriptionID: z.string().nullish(),
            envFrom: z.array(SecretReference).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
})

const JobVariable = z.looseObject({
  /** Of a variable, or with `valueFrom: secret` of the secret whose keys become variables. */
  name: z.unknown().optional(),
  valueFrom: z.unknown().optional(),
})

export const JobFileNames = z.looseObject({
  actions: z
    .array(
      z.looseObject({
        events: z.array(z.looseObject({ name: z.string().nullish() })).nullish(),
        tasks: z.array(z.looseObject({ env: z.array(JobVariable).nullish() })).nullish(),
      }),
    )
    .nullish(),
})

/** What Keptn writes beside a project's files; older versions with another spelling. */
export const ProjectMetadataFile = z.looseObject({
  projectName: z.string().nullish(),
  projectname: z.string().nullish(),
})
