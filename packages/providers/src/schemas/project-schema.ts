import type { Annotations } from './annotated.ts'
import { DURATION, RETENTION } from './text-rules.ts'

const FREEZE = 'freezes[]'

/** What an editor says about tiphys/project.yaml. */
export const PROJECT_ANNOTATIONS: Annotations = {
  apiVersion: 'tiphys.dev/v1.',
  targets:
    'Hosts that tests may send requests to. Left out: those of the applications that Argo CD names.',
  'targets[]': {
    text: 'A host, `*.` for all below it, a port where it is not the usual one.',
    rules: {
      pattern: '^(?:https?://[^\\s/?#@]+|(?:\\*\\.)?[A-Za-z0-9._-]+(?::(?:\\d{1,5}|\\*))?)$',
    },
    examples: ['shop.example.com', '*.example.com', '127.0.0.1:8080'],
  },
  sliProvider: {
    text: 'Whom indicators are asked of that no sli.yaml names, and which sli.yaml counts where several name one.',
    examples: ['prometheus', 'test-results'],
  },
  annotate: 'Writes each verdict onto the Argo CD application, once.',
  freezes: 'Times without deployments.',
  [`${FREEZE}.name`]: 'Shown to whoever waits.',
  [`${FREEZE}.reason`]: 'Shown beside it.',
  [`${FREEZE}.stages`]: 'Left out: all.',
  [`${FREEZE}.services`]: 'Left out: all.',
  [`${FREEZE}.tasks`]: 'What is not triggered meanwhile. Left out: deployment.',
  [`${FREEZE}.from`]: { text: 'Once: its beginning.', examples: ['2026-12-24T00:00:00Z'] },
  [`${FREEZE}.to`]: { text: 'Once: its end.', examples: ['2026-12-27T00:00:00Z'] },
  [`${FREEZE}.schedule`]: {
    text: 'Again and again: its beginnings, five fields of cron.',
    examples: ['0 18 * * 5'],
  },
  [`${FREEZE}.duration`]: {
    text: 'Again and again: how long each lasts.',
    rules: DURATION,
    examples: ['60h'],
  },
  [`${FREEZE}.timeZone`]: { text: 'Left out: UTC.', examples: ['Europe/Vienna'] },
  retention: {
    text: "How long sequences that are over are kept, instead of the server's setting.",
    rules: RETENTION,
    examples: ['90d', 'forever'],
  },
  stages: 'Settings of single stages, by their names.',
  'stages{}.queue':
    'What newer runs do while an approval is open: end the older one (supersede), wait (hold), or go past it (overtake).',
  'stages{}.rollback':
    '`git`: a failed deployment that Argo CD made by itself is taken back by a commit. Left out: only the verdict.',
  'stages{}.annotate': 'Of this stage, instead of the project.',
}
