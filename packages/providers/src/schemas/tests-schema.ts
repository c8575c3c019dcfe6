import type { JsonObject } from '@tiphys/contract/json.ts'
import { type FigureKind, THRESHOLD_FIGURES } from '@tiphys/contract/test-threshold.ts'
import type { Annotation, Annotations } from './annotated.ts'
import { DURATION } from './text-rules.ts'

const RATE: JsonObject = {
  pattern: '^\\s*\\d{1,5}(?:\\.\\d{1,6})?\\s*/\\s*(?:s|m|min|h)\\s*$',
  not: { pattern: '^\\s*0+(?:\\.0*)?\\s*/' },
}
const PLACEHOLDER = '\\{\\{\\s*(?:project|stage|service)\\s*\\}\\}'
const TARGET: JsonObject = {
  pattern: `^https?://(?:[^/\\s@?#\\\\{}]|${PLACEHOLDER})+(?:/(?:[^\\s?#\\\\{}]|${PLACEHOLDER})*)?$`,
}
const REQUEST: JsonObject = {
  pattern: `^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\\s+/(?:[!"$-\\[\\]-z|~]|${PLACEHOLDER})*$`,
}
const STATUS_PATTERN: JsonObject = {
  anyOf: [
    { type: 'integer', minimum: 100, maximum: 599 },
    { type: 'string', pattern: '^[1-5](?:xx|\\d\\d)$' },
  ],
}
const STATUS: JsonObject = {
  anyOf: [
    ...(STATUS_PATTERN['anyOf'] as JsonObject[]),
    { type: 'array', minItems: 1, items: STATUS_PATTERN },
  ],
}
const HEADERS: JsonObject = {
  maxProperties: 50,
  propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$" },
  additionalProperties: {
    type: ['string', 'number', 'boolean'],
    pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$',
    maxLength: 4_096,
  },
}
/** The client sets these itself. */
const OWN_HEADERS =
  'connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade'
const REQUEST_HEADERS: JsonObject = {
  ...HEADERS,
  propertyNames: {
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$",
    not: { pattern: `^(?:${anyCase(OWN_HEADERS)})$` },
  },
}

function anyCase(pattern: string): string {
  return pattern.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
}

const UNITS: Readonly<Record<FigureKind, string>> = {
  time: '(?:ms|s)?',
  percent: '%?',
  rate: '(?:/s)?',
  count: '',
}

/** One criterion, or pass and warning, by the unit of each figure. */
function thresholds(figures: readonly (keyof typeof THRESHOLD_FIGURES)[]): JsonObject {
  const properties = figures.map((figure): [string, JsonObject] => {
    const unit = UNITS[THRESHOLD_FIGURES[figure]]
    const text: JsonObject = {
      type: 'string',
      pattern: `^\\s*(?:<=|>=|<|>|=)\\s*\\d{1,12}(?:\\.\\d{1,9})?\\s*${unit}\\s*$`,
    }
    const both: JsonObject = {
      type: 'object',
      properties: { pass: text, warning: text },
      required: ['pass'],
      additionalProperties: false,
    }
    return [figure, { anyOf: [text, both] }]
  })
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false }
}

const FIGURES = Object.keys(THRESHOLD_FIGURES) as (keyof typeof THRESHOLD_FIGURES)[]
const LOAD_THRESHOLDS = thresholds(FIGURES.filter((figure) => !figure.startsWith('checks_')))
const COMMAND_THRESHOLDS = thresholds(FIGURES.filter((figure) => figure !== 'dropped'))

function requestAnnotations(place: string): Record<string, Annotation> {
  return {
    [`${place}.request`]: {
      text: 'Method and path; the host comes from the target.',
      rules: REQUEST,
      examples: ['GET /health'],
    },
    [`${place}.headers`]: { text: 'Sent with the request.', rules: REQUEST_HEADERS },
    [`${place}.body`]: 'Sent as it is.',
    [`${place}.json`]: 'Sent as JSON, instead of a body.',
  }
}

const CHECK = 'tests[].checks[]'
const LOAD = 'tests[].load'
/** Of texts only: a list of them stands under the same key. */
const REPOSITORY_PATH: JsonObject = {
  pattern: '^[A-Za-z0-9_*?-][A-Za-z0-9_.*?-]*(?:/[A-Za-z0-9_*?-][A-Za-z0-9_.*?-]*)*$',
  not: { type: 'string', pattern: '\\.\\.' },
}

/** What an editor says about tiphys/tests.yaml. */
export const TESTS_ANNOTATIONS: Annotations = {
  apiVersion: 'tiphys.dev/v1.',
  target: {
    text: 'Where requests go. Left out: the address that the deployment says.',
    rules: TARGET,
    examples: ['https://{{service}}.{{stage}}.example.com'],
  },
  tests: 'One after the other.',
  'tests[].name': 'Part of the names of its figures.',
  'tests[].target': {
    text: 'Where its requests go, instead of the target of the file.',
    rules: TARGET,
  },
  'tests[].checks': 'HTTP requests whose answers are looked at.',
  [`${CHECK}.name`]: 'How messages call it. Left out: the request.',
  ...requestAnnotations(CHECK),
  [`${CHECK}.timeout`]: {
    text: 'Of one request, to the last byte. Left out: 10s.',
    rules: DURATION,
  },
  [`${CHECK}.within`]: {
    text: 'Tried again for so long until it holds.',
    rules: DURATION,
    examples: ['30s'],
  },
  [`${CHECK}.every`]: { text: 'How often it is tried again. Left out: 1s.', rules: DURATION },
  [`${CHECK}.expect`]: 'What the answer must be.',
  [`${CHECK}.expect.status`]: {
    text: 'Left out: 2xx.',
    instead: STATUS,
    examples: [200, '2xx', [200, 204]],
  },
  [`${CHECK}.expect.maxDuration`]: { text: 'To the last byte.', rules: DURATION },
  [`${CHECK}.expect.bodyContains`]: 'A text or several.',
  [`${CHECK}.expect.json`]: 'The body holds at least this.',
  [`${CHECK}.expect.headers`]: { text: 'Each header contains the text.', rules: HEADERS },
  [LOAD]:
    'A load test: so many requests a second (rate), or so many users who wait for answers (users).',
  [`${LOAD}.model`]: 'open: rate; closed: users. Left out: what is given.',
  [`${LOAD}.rate`]: {
    text: 'Requests leave at their time, whatever the answers do.',
    rules: RATE,
    examples: ['20/s', '600/m'],
  },
  [`${LOAD}.arrivals`]: 'constant: even gaps; poisson: bursts and lulls.',
  [`${LOAD}.maxConcurrent`]: 'Most requests in flight; an arrival beyond is dropped and counted.',
  [`${LOAD}.users`]: 'Each sends, waits for the answer, thinks, and sends again.',
  [`${LOAD}.thinkTime`]: { text: 'The pause of a user.', rules: DURATION },
  [`${LOAD}.maxRate`]: { text: 'Of all users together.', rules: RATE },
  [`${LOAD}.ramp`]: { text: 'From nothing to full, not measured.', rules: DURATION },
  [`${LOAD}.warmup`]: { text: 'At full load, not measured.', rules: DURATION },
  [`${LOAD}.duration`]: { text: 'What is measured.', rules: DURATION, examples: ['30s'] },
  [`${LOAD}.timeout`]: {
    text: 'Of one request, to the last byte. Left out: 10s.',
    rules: DURATION,
  },
  [`${LOAD}.requests`]: 'What is sent, by weight.',
  [`${LOAD}.requests[].name`]: 'With a name it has figures of its own.',
  ...requestAnnotations(`${LOAD}.requests[]`),
  [`${LOAD}.requests[].weight`]: 'Its share. Left out: 1.',
  [`${LOAD}.requests[].expect`]: 'Which answers are no failure.',
  [`${LOAD}.requests[].expect.status`]: { text: 'Left out: 2xx.', instead: STATUS },
  [`${LOAD}.thresholds`]: {
    text: 'What must come out, by figure.',
    instead: LOAD_THRESHOLDS,
    examples: [{ response_time_p95: '<500ms', error_rate: '<1%' }],
  },
  'tests[].command': {
    text: 'A program and its arguments. The server has to allow commands.',
    rules: { prefixItems: [{ type: 'string', pattern: '^[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}$' }] },
    examples: [['k6', 'run', 'load.js']],
  },
  'tests[].files': {
    text: 'Of the files of the project, those that the program needs. Left out: all that the service sees.',
    rules: REPOSITORY_PATH,
  },
  'tests[].files[]': { text: 'A path, with * and ** as placeholders.', rules: REPOSITORY_PATH },
  'tests[].workingDirectory': { text: 'Where the program starts.', rules: REPOSITORY_PATH },
  'tests[].environment': {
    text: 'Variables of the program.',
    rules: {
      maxProperties: 50,
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]{0,99}$' },
    },
  },
  'tests[].timeout': { text: 'Of the program. Left out: 10m.', rules: DURATION },
  'tests[].results': 'Files that the program writes and that become figures.',
  'tests[].results[].format': 'Who wrote it.',
  'tests[].results[].path': {
    text: 'Where it stands, from the working directory.',
    rules: REPOSITORY_PATH,
  },
  'tests[].artifacts': { text: 'Files that are kept and linked.', rules: REPOSITORY_PATH },
  'tests[].artifacts[]': { text: 'A path, with * and ** as placeholders.', rules: REPOSITORY_PATH },
  'tests[].thresholds': { text: 'What must come out, by figure.', instead: COMMAND_THRESHOLDS },
}
