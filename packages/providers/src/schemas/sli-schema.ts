import type { JsonObject } from '@tiphys/contract/json.ts'
import { SliIndicatorObject } from '@tiphys/contract/sli.ts'
import { type Annotations, annotated } from './annotated.ts'
import { plainSchema } from './plain-schema.ts'
import { TEXT } from './text-rules.ts'

/** The reader checks the map behind its first look, so that findings have their own places; the schema shows both at once. */
const INDICATOR: JsonObject = annotated(plainSchema(SliIndicatorObject), {
  query: 'What is asked.',
  unit: { text: 'Shown beside the value.', examples: ['ms', '%', '/s'] },
  aggregate: 'How several values of the window become the one that is judged.',
  scale: 'The value is multiplied by it: 1000 makes milliseconds of seconds.',
  with: 'What only this provider knows; docs/providers.md says what that is.',
})

/** What an editor says about sli.yaml. */
export const SLI_ANNOTATIONS: Annotations = {
  spec_version: { text: 'The version of the format.', examples: ['1.0'] },
  indicators:
    'Which query stands for an indicator, by its name. Files of project, stage and service are merged; the more special one wins.',
  'indicators{}': {
    text: 'The query, or a map with the query and what is done with its answer.',
    instead: { anyOf: [TEXT, INDICATOR, { type: 'null' }] },
  },
}
