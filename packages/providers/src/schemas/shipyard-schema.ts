import type { Annotations } from './annotated.ts'
import { DURATION, TEXT } from './text-rules.ts'

const NAME = { anyOf: [{ type: 'string', minLength: 1 }, { type: 'number' }] }
const MATCH =
  'Results that must have come: `result`, or `<task>.result` of a task of that sequence, each pass, warning or fail. All of them must hold.'

/** What an editor says about shipyard.yaml. */
export const SHIPYARD_ANNOTATIONS: Annotations = {
  apiVersion: {
    text: 'The version of the format, 0.2.0 or newer.',
    rules: {
      pattern:
        '^(?:spec\\.keptn\\.sh/)?v?(?:0\\.(?:[2-9]|\\d{2,6})|[1-9]\\d{0,6}(?:\\.\\d{1,6})?)(?:\\.\\d{1,6})?$',
    },
    examples: ['spec.keptn.sh/0.2.3'],
  },
  kind: { text: 'Shipyard.', examples: ['Shipyard'] },
  metadata: 'About the file.',
  'metadata.name': 'A name for people; nothing depends on it.',
  spec: 'The stages and what happens in them.',
  'spec.stages': 'In the order in which a delivery goes through them.',
  'spec.stages[].name': {
    text: 'Lower-case letters, digits and dashes, a letter first.',
    instead: { type: 'string', pattern: '^[a-z]([a-z0-9-]*[a-z0-9])?$' },
  },
  'spec.stages[].sequences':
    'What can happen in this stage. An evaluation can be triggered anywhere.',
  'spec.stages[].sequences[].name': {
    text: 'Triggered as `<stage>.<name>`; without a dot.',
    instead: NAME,
  },
  'spec.stages[].sequences[].timeout': {
    text: 'Ends the sequence as errored when it is over.',
    rules: DURATION,
    examples: ['2h'],
  },
  'spec.stages[].sequences[].triggeredOn': 'Ends of other sequences that start this one.',
  'spec.stages[].sequences[].triggeredOn[].event': {
    text: '`<stage>.<sequence>.finished`.',
    examples: ['staging.delivery.finished'],
  },
  'spec.stages[].sequences[].triggeredOn[].selector':
    'Only after certain results; without one: pass and warning.',
  'spec.stages[].sequences[].triggeredOn[].selector.match': MATCH,
  'spec.stages[].sequences[].triggeredOn[].selector.match{}': {
    text: 'pass, warning or fail.',
    instead: TEXT,
  },
  'spec.stages[].sequences[].triggeredOn[].and':
    'A join: these must have come too, in the same context.',
  'spec.stages[].sequences[].triggeredOn[].and[].event': '`<stage>.<sequence>.finished`.',
  'spec.stages[].sequences[].triggeredOn[].and[].selector': 'Only after certain results.',
  'spec.stages[].sequences[].triggeredOn[].and[].selector.match': MATCH,
  'spec.stages[].sequences[].triggeredOn[].and[].selector.match{}': {
    text: 'pass, warning or fail.',
    instead: TEXT,
  },
  'spec.stages[].sequences[].triggeredOn[].within': {
    text: 'How long a join waits for the rest. Left out: 30 days.',
    rules: DURATION,
  },
  'spec.stages[].sequences[].triggeredOn[].soak': {
    text: 'Between the end that triggers and the first task; a newer deployment there ends the wait.',
    rules: DURATION,
    examples: ['30m'],
  },
  'spec.stages[].sequences[].tasks': 'One after the other.',
  'spec.stages[].sequences[].tasks[].name': {
    text: 'Tiphys carries out deployment, test, evaluation, approval, release and rollback; any other name is for an integration.',
    instead: NAME,
    examples: ['deployment', 'test', 'evaluation', 'approval', 'release', 'rollback'],
  },
  'spec.stages[].sequences[].tasks[].triggeredAfter': {
    text: 'Waits that long first.',
    rules: DURATION,
    examples: ['5m'],
  },
  'spec.stages[].sequences[].tasks[].properties':
    'What the task is told: `timeout`, `executor` and what its executor knows.',
  'spec.stages[].sequences[].tasks[].parallel': 'Starts together with the task before it.',
  'spec.stages[].sequences[].tasks[].if': {
    text: 'A CEL expression; false leaves the task out.',
    examples: ["labels.risk == 'high'"],
  },
  'spec.stages[].sequences[].tasks[].retry': {
    text: 'How often it is tried again, or when and how often.',
    instead: {
      anyOf: [
        { type: 'integer', minimum: 1, maximum: 10 },
        {
          type: 'object',
          properties: {
            times: { description: 'How often at most.', type: 'integer', minimum: 1, maximum: 10 },
            after: { description: 'The pause before.', type: ['string', 'null'], ...DURATION },
            on: {
              description: 'After which ends; left out: errored.',
              anyOf: [
                {
                  type: 'array',
                  minItems: 1,
                  items: { type: 'string', enum: ['errored', 'fail'] },
                },
                { type: 'null' },
              ],
            },
          },
          required: ['times'],
          additionalProperties: false,
        },
        { type: 'null' },
      ],
    },
  },
}
