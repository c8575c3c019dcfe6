import { taskEventType } from '@tiphys/contract/event.ts'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import type { HttpInput } from './fuzz-input.ts'
import { mutatedText, mutatedValue } from './mutate.ts'
import { nastyText, nastyValue } from './nasty.ts'
import type { ApiRoute } from './openapi-routes.ts'
import type { SeedFile } from './seed-files.ts'

/** What the house looks like while it is fuzzed: names that lead somewhere. */
export type Known = {
  readonly project: string
  readonly stages: readonly string[]
  readonly service: string
  /** Ids and contexts that answers have shown lately. */
  readonly ids: readonly string[]
}

export type HttpInputParts = {
  readonly random: SeededRandom
  readonly routes: readonly ApiRoute[]
  readonly files: readonly SeedFile[]
  readonly known: () => Known
}

const JSON_TYPE = 'application/json'
const HEADERS = ['idempotency-key', 'x-token', 'accept', 'last-event-id', 'if-none-match', 'cookie']
const CONTENT_TYPES = [
  JSON_TYPE,
  'application/cloudevents+json',
  'application/json; charset=utf-16',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'application/cloudevents-batch+json',
  '',
]
const EVENT_PATHS = ['/api/v1/event', '/api/controlPlane/v1/event', '/api/tiphys/v1/events']
/** So much of what is thrown is nearly right: it gets past the first check. */
const NEARLY_RIGHT = 0.5

/** Draws one request: an event, a file for the configuration, any route of the OpenAPI document, or nonsense on the wire. */
export function drawHttpInput(parts: HttpInputParts): HttpInput {
  const roll = parts.random.below(10)
  if (roll < 3) return withHeaders(parts, eventInput(parts))
  if (roll < 6) return withHeaders(parts, fileInput(parts))
  if (roll < 9) return withHeaders(parts, routeInput(parts))
  return nonsense(parts)
}

function eventInput({ random, known }: HttpInputParts): HttpInput {
  const { project, stages, service, ids } = known()
  const stage = random.pick(stages)
  const task = random.pick(['deployment', 'test', 'approval', 'evaluation', 'release', 'get-sli'])
  const id = ids.length > 0 && random.chance(NEARLY_RIGHT) ? random.pick(ids) : nastyText(random)
  const types = [
    `sh.keptn.event.${stage}.delivery.triggered`,
    taskEventType(task, 'started'),
    taskEventType(task, 'finished'),
    taskEventType(task, 'status.changed'),
    taskEventType('evaluation', 'invalidated'),
    'sh.keptn.events.problem',
    'sh.keptn.log.error',
    'sh.keptn.event.monitoring.configure',
  ]
  const event = {
    type: random.pick(types),
    source: 'fuzz',
    id,
    specversion: '1.0',
    time: '2026-01-01T00:00:00.000Z',
    shkeptncontext: id,
    triggeredid: id,
    data: {
      project,
      stage,
      service,
      status: 'succeeded',
      result: random.pick(['pass', 'warning', 'fail']),
      message: 'x',
      labels: { a: 'b' },
      configurationChange: { values: { image: 'shop:1' } },
      deployment: { deploymentURIsPublic: ['http://127.0.0.1:1'] },
      evaluation: { timeframe: '5m', start: '2026-01-01T00:00:00Z' },
    },
  }
  const body = random.chance(0.15) ? event : mutatedValue(random, event)
  const path = random.pick(EVENT_PATHS)
  return request(
    'POST',
    path,
    path.endsWith('events') && random.chance(NEARLY_RIGHT) ? [body, event] : body,
  )
}

function fileInput(parts: HttpInputParts): HttpInput {
  const { random, files, known } = parts
  const { project, stages, service } = known()
  const file = random.pick(files)
  const text = random.chance(0.1) ? file.text : mutatedText(random, file.text)
  const content = contentOf(random, text)
  if (file.name === 'shipyard.yaml' && random.chance(NEARLY_RIGHT)) {
    const name = random.chance(NEARLY_RIGHT) ? project : nastyText(random)
    const method = random.pick(['POST', 'PUT'])
    return request(method, '/api/controlPlane/v1/project', { name, shipyard: content })
  }
  if (random.chance(0.15)) {
    return request('POST', '/api/tiphys/v1/lint', { files: { [file.name]: text } })
  }
  const stage = random.pick(stages)
  const places = [``, `/stage/${stage}`, `/stage/${stage}/service/${service}`]
  const path = `/api/resource-service/v1/project/${project}${random.pick(places)}/resource`
  const resourceURI = random.chance(0.8) ? file.name : nastyText(random)
  if (random.chance(0.2)) {
    return request('PUT', `${path}/${encodeURIComponent(resourceURI.toWellFormed())}`, {
      resourceContent: content,
    })
  }
  const body = { resources: [{ resourceURI, resourceContent: content }] }
  return request(
    random.pick(['POST', 'PUT']),
    path,
    random.chance(0.8) ? body : mutatedValue(random, body),
  )
}

/** Mostly base64 of the text; bytes that are no UTF-8, or no base64 at all. */
function contentOf(random: SeededRandom, text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  if (random.chance(0.1) && bytes.length > 0) {
    bytes[random.below(bytes.length)] = 0x80 + random.below(0x80)
  }
  return random.chance(0.05) ? text : bytes.toString('base64')
}

function routeInput(parts: HttpInputParts): HttpInput {
  const { random, routes, known } = parts
  const { project, stages, service, ids } = known()
  const route = random.pick(routes)
  const words: Record<string, readonly string[]> = {
    project: [project],
    projectName: [project],
    stage: stages,
    service: [service],
    type: ['sh.keptn.event.deployment.triggered'],
    resourceURI: ['shipyard.yaml', 'slo.yaml'],
  }
  const slotFor = (name: string) => {
    const right = Object.hasOwn(words, name) ? (words[name] ?? []) : ids
    return right.length > 0 && random.chance(0.7) ? random.pick(right) : nastyText(random)
  }
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(random, slotFor(name)))
  const wanted = route.query.filter(() => random.chance(1 / 3))
  const extra = random.chance(0.1) ? [nastyText(random)] : []
  const query = [...wanted, ...extra].map(
    (name) => `${encoded(random, name)}=${encoded(random, slotFor(name))}`,
  )
  const search = query.length === 0 ? '' : `?${query.join('&')}`
  if (!route.hasBody)
    return { kind: 'http', method: route.method, path: path + search, headers: {} }
  const body = random.chance(0.8) ? mutatedValue(random, route.example(random)) : nastyValue(random)
  return request(route.method, path + search, body)
}

function encoded(random: SeededRandom, text: string): string {
  const short = text.slice(0, 4_000).toWellFormed()
  // Now and then as it is, where a line of HTTP can hold it.
  if (random.chance(0.1) && /^[!-~]+$/.test(short)) return short
  return encodeURIComponent(short)
}

function withHeaders({ random }: HttpInputParts, input: HttpInput): HttpInput {
  if (random.chance(0.75)) return input
  const headers: Record<string, string> = { ...input.headers }
  if (random.chance(1 / 2)) headers['content-type'] = random.pick(CONTENT_TYPES)
  const name = random.pick(HEADERS)
  // Control characters end a line of HTTP; that is what `nonsense` is for.
  if (name !== 'x-token')
    headers[name] = nastyText(random)
      .replace(/[^\t -~]/g, '')
      .slice(0, 6_000)
  return { ...input, headers }
}

function nonsense({ random }: HttpInputParts): HttpInput {
  const path = random.pick([
    '/',
    '//',
    '/api',
    '/api/../api/v1/event',
    '/api/v1/%2e%2e/event',
    '/api/controlPlane/v1/project/%00',
    '/api/controlPlane/v1/project/%',
    '/api/controlPlane/v1/project/%ff%fe',
    `/${'a'.repeat(9_000)}`,
    '/metrics',
    '/api/openapi.json?x[__proto__]=1',
    '*',
    'http://example.com/api',
    '/api/controlPlane/v1/project?pageSize=1&pageSize=2',
  ])
  const method = random.pick(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'FOO'])
  const body = random.chance(1 / 2) ? Buffer.from(nastyText(random)) : undefined
  const headers: Record<string, string> = { 'content-type': random.pick(CONTENT_TYPES) }
  if (random.chance(0.1)) headers['content-length'] = random.pick(['-1', 'x', '0'])
  if (random.chance(0.1)) headers['host'] = random.pick(['evil.example', '', 'localhost:1'])
  const common = { kind: 'http', method, path, headers } as const
  return body === undefined ? common : { ...common, body: body.toString('base64') }
}

function request(method: string, path: string, body: unknown): HttpInput {
  const text = JSON.stringify(body) ?? ''
  const headers = { 'content-type': JSON_TYPE }
  return { kind: 'http', method, path, headers, body: Buffer.from(text).toString('base64') }
}
