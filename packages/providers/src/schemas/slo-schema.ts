import { AGGREGATE_FUNCTIONS } from '@tiphys/core/evaluation/aggregate.ts'
import type { Annotations } from './annotated.ts'
import { CRITERION, oneOf, PERCENTAGE } from './text-rules.ts'

const CRITERIA = {
  text: 'All of them must hold. `<=500` is a limit; `<=+10%` and `>=-5` are relative to earlier evaluations and hold while there is none.',
  examples: [['<=500', '<=+10%']],
}

/** What an editor says about slo.yaml. */
export const SLO_ANNOTATIONS: Annotations = {
  spec_version: { text: 'The version of the format.', examples: ['1.0'] },
  filter:
    'Filled into queries as `$key` and `$KEY`, and as label filters into the built-in ones of Prometheus.',
  comparison:
    'Which earlier evaluations relative criteria are compared with. Left out: the one before.',
  'comparison.compare_with': {
    text: '`single_result`: one earlier evaluation; `several_results`: as many as `number_of_comparison_results` says.',
    instead: oneOf(['single_result', 'several_results']),
  },
  'comparison.include_result_with_score': {
    text: 'Only earlier evaluations that ended so: all, pass, or pass and warning.',
    instead: oneOf(['all', 'pass', 'pass_or_warn']),
  },
  'comparison.number_of_comparison_results': 'How many earlier evaluations. Left out: 3.',
  'comparison.aggregate_function': {
    text: 'How the values of earlier evaluations become the one that is compared with. Left out: avg.',
    instead: oneOf(AGGREGATE_FUNCTIONS),
  },
  'comparison.labels': 'Only earlier evaluations whose runs carry exactly these labels.',
  'comparison.same_labels':
    'Only earlier evaluations whose runs have the same value of these labels as this one.',
  objectives: 'What is measured, and which values are good enough.',
  'objectives[].sli': {
    text: 'Name of the indicator: a key of `indicators` in sli.yaml, or a built-in one.',
    examples: ['response_time_p95'],
  },
  'objectives[].displayName': 'How reports call it.',
  'objectives[].pass':
    'Sets of criteria: one set must hold. Left out: the indicator is reported and not scored.',
  'objectives[].pass[].criteria': CRITERIA,
  'objectives[].pass[].criteria[]': { text: 'An operator and a number.', instead: CRITERION },
  'objectives[].warning':
    'Sets of criteria for half of the points, where none of `pass` holds: looser ones than there.',
  'objectives[].warning[].criteria': CRITERIA,
  'objectives[].warning[].criteria[]': { text: 'An operator and a number.', instead: CRITERION },
  'objectives[].weight':
    'Points of this objective. Left out: 1. With 0 it is shown and not scored.',
  'objectives[].key_sli': 'Its failure fails the whole evaluation, whatever the score.',
  total_score: 'Percent of all points that an evaluation needs. Left out: pass 90%, warning 75%.',
  'total_score.pass': { text: 'At least this is a pass.', instead: PERCENTAGE, examples: ['90%'] },
  'total_score.warning': {
    text: 'At least this is a warning, below it a fail. Left out beside `pass`: no warning.',
    instead: PERCENTAGE,
    examples: ['75%'],
  },
}
