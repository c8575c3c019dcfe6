import type { Annotations } from './annotated.ts'
import { DURATION } from './text-rules.ts'

const APPLICATION = 'applications[]'
const FIELD = `${APPLICATION}.git.fields[]`
const PLACEHOLDER = '\\{\\{\\s*(?:project|stage|service)\\s*\\}\\}'
const NAME = {
  pattern: `^(?:[a-z0-9]|${PLACEHOLDER})(?:(?:[a-z0-9.-]|${PLACEHOLDER})*(?:[a-z0-9]|${PLACEHOLDER}))?$`,
  maxLength: 253,
}
/** A path below the repository: no leading slash, no part that begins with a dot. */
const PART = `(?:[A-Za-z0-9_-]|${PLACEHOLDER})(?:[A-Za-z0-9_.-]|${PLACEHOLDER})*`
const KEY_PATH = {
  pattern:
    '^[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+|\\[\\d{1,6}\\]|\\["[^"\\\\]+"\\]|\\[[A-Za-z0-9_-]+=[^\\]"]+\\]){0,20}$',
  maxLength: 512,
}

/** What an editor says about argocd.yaml. Templates: `{{project}}`, `{{stage}}` and `{{service}}`. */
export const ARGOCD_ANNOTATIONS: Annotations = {
  apiVersion: 'tiphys.dev/v1.',
  applications:
    'The Argo CD applications of the service in this stage. Empty: it is not deployed through Argo CD.',
  [`${APPLICATION}.name`]:
    'What a task names as its property `application`, where there are several.',
  [`${APPLICATION}.instance`]: "The Argo CD connection of the server's settings.",
  [`${APPLICATION}.application`]: {
    text: 'The name of the Application in Argo CD.',
    rules: NAME,
    examples: ['{{service}}-{{stage}}'],
  },
  [`${APPLICATION}.namespace`]: {
    text: "Where the Application lives, when that is not Argo CD's own namespace.",
    rules: NAME,
  },
  [`${APPLICATION}.project`]: { text: "Argo CD's project of the application.", rules: NAME },
  [`${APPLICATION}.git`]: 'What a deployment changes. Left out: it syncs what Git says already.',
  [`${APPLICATION}.git.repository`]: {
    text: 'https, ssh or file, without credentials.',
    rules: {
      pattern: `^(?:(?:https?|ssh|file)://|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:)(?:[^\\s{}]|${PLACEHOLDER})+$`,
    },
    examples: ['https://git.example.com/shop/gitops.git'],
  },
  [`${APPLICATION}.git.branch`]: {
    text: 'The branch that Argo CD reads.',
    rules: {
      pattern: `^${PART}(?:/${PART})*$`,
      not: { pattern: '\\.\\.|\\.$|\\./|\\.lock(?:/|$)' },
    },
    examples: ['main'],
  },
  [`${APPLICATION}.git.author`]: {
    text: '`Name <mail>` of the commits.',
    examples: ['Tiphys <tiphys@example.com>'],
  },
  [`${APPLICATION}.git.fields`]:
    'Values in Git, each by exactly one of kustomizeImage, helmValue and yamlPath.',
  [`${FIELD}.file`]: {
    text: 'Path in the repository.',
    rules: { pattern: `^${PART}(?:/${PART})*$`, not: { pattern: '\\.\\.' } },
    examples: ['apps/{{service}}/{{stage}}/kustomization.yaml'],
  },
  [`${FIELD}.kustomizeImage`]: {
    text: '`name` of the entry in `images:` of a kustomization.yaml, without a tag.',
    rules: { pattern: `^(?:[a-z0-9._:/-]|${PLACEHOLDER})+$` },
    examples: ['ghcr.io/acme/carts'],
  },
  [`${FIELD}.helmValue`]: {
    text: 'A value of a Helm values file.',
    rules: KEY_PATH,
    examples: ['image.tag'],
  },
  [`${FIELD}.yamlPath`]: {
    text: 'Any value of any YAML file.',
    rules: KEY_PATH,
    examples: ['spec.template.spec.containers[name=carts].image'],
  },
  [`${FIELD}.document`]: 'Which document of the file, where it has several; goes with yamlPath.',
  [`${FIELD}.document.index`]: 'Its place, from 0.',
  [`${FIELD}.document.kind`]: 'Its kind.',
  [`${FIELD}.document.name`]: {
    text: 'Its metadata.name.',
    rules: { pattern: `^(?:[^{}]|${PLACEHOLDER})+$` },
  },
  [`${FIELD}.value`]: {
    text: 'What of the event is written there. Left out beside kustomizeImage: image.',
    examples: ['image', 'image.tag', 'replicas'],
  },
  [`${APPLICATION}.sync`]:
    '`request`: Argo CD is asked to sync. `auto`: its auto-sync is waited for. Left out: what the Application says.',
  [`${APPLICATION}.prune`]: 'A requested sync deletes what is gone from Git.',
  [`${APPLICATION}.settle`]: {
    text: 'How long it must stay healthy before the deployment counts as done.',
    rules: DURATION,
  },
  [`${APPLICATION}.grace`]: {
    text: 'How long Degraded or Unknown health is given to recover.',
    rules: DURATION,
  },
  [`${APPLICATION}.requireSynced`]:
    'false: healthy at the revision is enough, for an application that is never quite Synced.',
  [`${APPLICATION}.uris`]: 'Where the service can be reached. Left out: what the Application says.',
  [`${APPLICATION}.uris[]`]: {
    text: 'An address.',
    rules: { pattern: `^https?://(?:[^\\s{}]|${PLACEHOLDER})+$` },
    examples: ['https://{{service}}.{{stage}}.example.com'],
  },
}
