import { z } from 'zod'
import { parseFieldPath } from './desired-field.ts'
import { parseDuration } from './duration.ts'
import { isImageName } from './image-reference.ts'
import { isBranchName, isKubernetesName, templateFault, withSampleNames } from './name-template.ts'
import { repositoryPathFault } from './repository-path.ts'
import { parseRepositoryUrl } from './repository-url.ts'

/**
 * `argocd.yaml`: which Argo CD application a service is in a stage, and which values in Git say what should run there. The file of
 * the service counts before the stage's and the project's. Our own file, so an unknown key is an error. docs/argocd-mapping.md
 */
export const ARGOCD_YAML_URI = 'argocd.yaml'

/** What a task deploys that names no application. */
export const DEFAULT_APPLICATION_NAME = 'main'
const MAX_APPLICATIONS = 50
const MAX_FIELDS = 20
const MAX_URIS = 20
const MAX_TEXT_CHARACTERS = 1_024

/** Text in which `{{project}}`, `{{stage}}` and `{{service}}` stand for the names of the run. Nothing else is replaced. */
const Template = z
  .string()
  .min(1)
  .max(MAX_TEXT_CHARACTERS)
  .check((input) => report(input, templateFault(input.value)))

const Duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration like 10s, 5m or 1h30m')

const FieldPathText = z.string().check((input) => {
  const path = parseFieldPath(input.value)
  report(input, path.code === 'invalid' ? path.message : undefined)
})

const DocumentChoice = z.union([
  z.strictObject({ index: z.int().min(0) }),
  z.strictObject({ kind: z.string().min(1), name: Template.optional() }),
])

/** The name of a value that events supply; `image.tag` also means the tag of the image reference `image`. */
const ValueName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_-]{1,63}){0,4}$/, {
  error: 'expected the name of a value, like image, image.tag or replicas',
})

/** One value in Git: a file, exactly one of `kustomizeImage`, `helmValue` and `yamlPath`, and what of the event is written there. */
const Field = z
  .strictObject({
    file: Template.check((input) => report(input, filePathFault(input.value))),
    /** `name` of the entry in `images:` of a kustomization.yaml. */
    kustomizeImage: Template.check((input) =>
      report(input, imageNameFault(input.value)),
    ).optional(),
    /** A value of a Helm values file. */
    helmValue: FieldPathText.optional(),
    /** Any value of any YAML file. */
    yamlPath: FieldPathText.optional(),
    /** Which document, where the file of a `yamlPath` has several. */
    document: DocumentChoice.optional(),
    /** Default `image` for a `kustomizeImage`; the others must say it. */
    value: ValueName.optional(),
  })
  .check((input) => report(input, fieldFault(input.value)))

const Git = z.strictObject({
  repository: Template.check((input) => report(input, repositoryFault(input.value))),
  branch: Template.check((input) => report(input, branchFault(input.value))),
  /** `Name <mail>` of our commits. */
  author: z
    .string()
    .max(MAX_TEXT_CHARACTERS)
    .regex(/^[^<>\p{Cc}]*[^<>\p{Cc}\s] <[^<>\p{Cc}\s]+>$/u, { error: 'expected Name <mail>' })
    .optional(),
  fields: z.array(Field).min(1).max(MAX_FIELDS),
})

const Application = z.strictObject({
  /** What the shipyard's task property `application` names. */
  name: z.string().min(1).max(63).default(DEFAULT_APPLICATION_NAME),
  /** The Argo CD connection of the server's settings. */
  instance: z.string().min(1).max(63).default('default'),
  /** The name of the Application in Argo CD. */
  application: Template.check((input) => report(input, kubernetesNameFault(input.value))),
  /** Where the Application lives, when it is not Argo CD's own namespace (`appNamespace`). */
  namespace: Template.check((input) => report(input, kubernetesNameFault(input.value))).optional(),
  /** Argo CD's project, sent on every call: without it a missing application looks like a forbidden one. */
  project: Template.check((input) => report(input, kubernetesNameFault(input.value))).default(
    'default',
  ),
  /** What a deployment changes. Without it a deployment syncs what Git says already. */
  git: Git.optional(),
  /** `request`: ask Argo CD to sync. `auto`: wait for its auto-sync. Unset: what the Application itself says. */
  sync: z.enum(['request', 'auto']).optional(),
  /** Lets a requested sync delete resources that are gone from Git. */
  prune: z.boolean().default(false),
  /** How long the application must stay healthy before the deployment counts as done. */
  settle: Duration.default('10s'),
  /** How long Degraded or Unknown health is given to recover. */
  grace: Duration.default('60s'),
  /** false: an application that is never quite Synced (perpetual drift) is done when it is healthy at the revision. */
  requireSynced: z.boolean().default(true),
  /** Where the service can be reached: `deploymentURIsPublic` of the deployment. Unset: what the Application says. */
  uris: z
    .array(
      Template.refine((text) => /^https?:\/\/[^\s]+$/.test(text), 'expected an http or https URL'),
    )
    .max(MAX_URIS)
    .optional(),
})

export const ArgocdYaml = z.strictObject({
  apiVersion: z.literal('tiphys.dev/v1'),
  /** Empty: this service is not deployed through Argo CD. */
  applications: z
    .array(Application)
    .max(MAX_APPLICATIONS)
    .check((input) => report(input, repeatedNameFault(input.value))),
})

export type ArgocdYaml = z.infer<typeof ArgocdYaml>
export type ArgocdApplication = z.infer<typeof Application>
export type ArgocdField = z.infer<typeof Field>

type Checked<T> = { value: T; issues: z.core.$ZodRawIssue[] }

function report<T>(input: Checked<T>, fault: string | undefined): void {
  if (fault === undefined) return
  input.issues.push({ code: 'custom', message: fault, input: input.value })
}

function fieldFault(field: {
  readonly kustomizeImage?: string | undefined
  readonly helmValue?: string | undefined
  readonly yamlPath?: string | undefined
  readonly document?: unknown
  readonly value?: string | undefined
}): string | undefined {
  const forms = [field.kustomizeImage, field.helmValue, field.yamlPath]
  if (forms.filter((form) => form !== undefined).length !== 1) {
    return 'expected exactly one of kustomizeImage, helmValue and yamlPath'
  }
  if (field.document !== undefined && field.yamlPath === undefined) {
    return 'document goes with yamlPath only'
  }
  if (field.value === undefined && field.kustomizeImage === undefined) {
    return 'value is missing: name what is written there, like image or image.tag'
  }
  return undefined
}

function filePathFault(template: string): string | undefined {
  const fault = repositoryPathFault(withSampleNames(template))
  return fault === undefined ? undefined : `the path ${fault}`
}

function imageNameFault(template: string): string | undefined {
  return isImageName(withSampleNames(template))
    ? undefined
    : 'expected an image name without tag, like ghcr.io/acme/carts'
}

function kubernetesNameFault(template: string): string | undefined {
  return isKubernetesName(withSampleNames(template))
    ? undefined
    : 'expected a Kubernetes name: small letters, digits, dashes and dots'
}

function repositoryFault(template: string): string | undefined {
  const url = parseRepositoryUrl(withSampleNames(template))
  return url.code === 'invalid' ? url.message : undefined
}

function branchFault(template: string): string | undefined {
  return isBranchName(withSampleNames(template)) ? undefined : 'expected the name of a branch'
}

function repeatedNameFault(applications: readonly { readonly name: string }[]): string | undefined {
  const names = applications.map((application) => application.name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  return repeated === undefined
    ? undefined
    : `two applications are called ${repeated}; give each a name of its own`
}
