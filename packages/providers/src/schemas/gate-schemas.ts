import type { Annotations } from './annotated.ts'

/** What an editor says about the values.json of `tiphys evaluate`. */
export const VALUES_ANNOTATIONS: Annotations = {
  indicatorValues: 'What was measured.',
  'indicatorValues[].metric': 'The name of the indicator, as objectives call it.',
  'indicatorValues[].value': 'What was measured; left out or null: nothing.',
  'indicatorValues[].success':
    'false: the value does not count. Left out: true where there is a value.',
  'indicatorValues[].message': 'Why there is no value.',
}

/** The evaluation itself, in `evaluation` of an event's data, or in the whole event. */
function evaluationAt(place: string): Annotations {
  return {
    [`${place}.result`]: 'How it ended: pass, warning or fail.',
    [`${place}.indicatorResults`]: 'What was measured then.',
    [`${place}.indicatorResults[].value`]: 'One indicator.',
    [`${place}.indicatorResults[].value.metric`]: 'Its name.',
    [`${place}.indicatorResults[].value.value`]: 'What was measured.',
    [`${place}.indicatorResults[].value.success`]: 'false: it does not count.',
  }
}

/** What an editor says about the previous.json of `tiphys evaluate`. */
export const PREVIOUS_ANNOTATIONS: Annotations = {
  ...evaluationAt('[]'),
  '[].id': 'Of the event evaluation.finished.',
  '[].labels': 'Of its run: what `labels` and `same_labels` of a comparison look at.',
  '[].evaluation': 'The evaluation, where the data of an event is given.',
  ...evaluationAt('[].evaluation'),
  '[].data': 'The data of the event, where the whole event is given.',
  '[].data.result': 'How it ended.',
  '[].data.labels': 'Of its run.',
  '[].data.evaluation': 'The evaluation.',
  ...evaluationAt('[].data.evaluation'),
}
