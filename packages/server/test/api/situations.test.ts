import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { assertGolden } from '../situations/golden.ts'
import type { Situation } from '../situations/situation.ts'
import { startComposed, TOKEN } from './composed-server.ts'
import { base64, SHIPYARD } from './house.ts'
import { type Answer, type SendOptions, send } from './test-api.ts'

const PROJECT = '/api/controlPlane/v1/project'
const FILES = '/api/resource-service/v1/project/shop'
const EVENT = '/api/v1/event'

type Asked = readonly [title: string, method: string, path: string, options?: SendOptions]

function event(type: string, data: object = {}, more: object = {}): SendOptions {
  const where = { project: 'shop', stage: 'dev', service: 'cart' }
  return {
    body: { type: `sh.keptn.event.${type}`, source: 'ci', data: { ...where, ...data }, ...more },
  }
}

function project(shipyard: string, name = 'other'): SendOptions {
  return { body: { name, shipyard: base64(shipyard) } }
}

function file(uri: string, text: string): SendOptions {
  return { body: { resources: [{ resourceURI: uri, resourceContent: base64(text) }] } }
}

function lint(name: string, text: string): SendOptions {
  return { body: { files: { [name]: text } } }
}

const twice = SHIPYARD.replace('name: prod', 'name: dev')
const orphan = SHIPYARD.replace('event: dev.delivery.finished', 'event: dev.delivry.finished')
const mistyped = SHIPYARD.replace('triggeredOn:', 'triggerdOn:')

const SITUATIONS: readonly Asked[] = [
  ['no token', 'GET', PROJECT, { token: undefined }],
  ['a wrong token', 'GET', PROJECT, { token: 'wrong' }],
  ['a token without the scope', 'GET', PROJECT, { token: '<narrow>' }],
  ['a token of another project', 'GET', `${PROJECT}/other`, { token: '<shop-reader>' }],
  [
    'a token that may not send this event',
    'POST',
    EVENT,
    { ...event('approval.finished', { result: 'pass' }, { triggeredid: 'x' }), token: '<narrow>' },
  ],

  ['a shipyard that is no YAML', 'POST', PROJECT, project('spec: [')],
  [
    'a shipyard without stages',
    'POST',
    PROJECT,
    project('apiVersion: spec.keptn.sh/0.2.2\nspec: {}\n'),
  ],
  ['two stages of one name', 'POST', PROJECT, project(twice)],
  ['a shipyard of Keptn 0.7', 'POST', PROJECT, project(SHIPYARD.replace('0.2.2', '0.1.7'))],
  [
    'a stage name with a capital',
    'POST',
    PROJECT,
    project(SHIPYARD.replace('name: dev', 'name: Dev')),
  ],
  ['a shipyard that is not base64', 'POST', PROJECT, { body: { name: 'other', shipyard: '%' } }],
  ['a project name that cannot be', 'POST', PROJECT, project(SHIPYARD, 'Other!')],
  ['a project that exists', 'POST', PROJECT, project(SHIPYARD, 'shop')],
  ['an unknown field in a request', 'POST', PROJECT, { body: { name: 'other', shipyrad: '' } }],
  [
    'a Git upstream over ssh without a key',
    'POST',
    PROJECT,
    { body: { name: 'other', gitCredentials: { remoteURL: 'git@git.example:x' } } },
  ],
  ['a service that exists', 'POST', `${PROJECT}/shop/service`, { body: { serviceName: 'cart' } }],
  [
    'a service name that cannot be',
    'POST',
    `${PROJECT}/shop/service`,
    { body: { serviceName: 'Cart_1' } },
  ],
  ['a project that is not there', 'GET', `${PROJECT}/none`],
  ['a stage that is not there', 'GET', `${PROJECT}/shop/stage/none`],
  ['a service that is not there', 'GET', `${PROJECT}/shop/stage/dev/service/none`],

  [
    'a typing mistake in our own file',
    'POST',
    `${FILES}/resource`,
    file('tiphys/project.yaml', 'sliProvidre: prometheus\n'),
  ],
  [
    'broken YAML in our own file',
    'POST',
    `${FILES}/resource`,
    file('tiphys/project.yaml', 'targets: [a\n'),
  ],
  [
    'a broken tests file',
    'POST',
    `${FILES}/stage/dev/resource`,
    file('tiphys/tests.yaml', 'checks: 1\n'),
  ],
  ['a broken argocd.yaml', 'POST', `${FILES}/resource`, file('argocd.yaml', 'applications: 1\n')],
  [
    'content that is not base64',
    'POST',
    `${FILES}/resource`,
    { body: { resources: [{ resourceURI: 'a', resourceContent: '%' }] } },
  ],
  ['a resource URI that climbs', 'POST', `${FILES}/resource`, file('../../etc/passwd', 'x')],
  ['a resource URI into Git', 'POST', `${FILES}/resource`, file('.git/hooks/update', 'x')],
  ['a resource URI with a tilde', 'POST', `${FILES}/resource`, file('~root/x', 'x')],
  ['a resource that is not there', 'GET', `${FILES}/resource/none.yaml`],
  [
    'a commit that is not there',
    'GET',
    `${FILES}/resource/shipyard.yaml?gitCommitID=${'0'.repeat(40)}`,
  ],

  [
    'an event of more than 64 KB',
    'POST',
    EVENT,
    event('dev.delivery.triggered', { message: 'x'.repeat(70_000) }),
  ],
  [
    'an event that is no JSON',
    'POST',
    EVENT,
    { body: '{"type"', headers: { 'content-type': 'application/json' } },
  ],
  [
    'a form instead of JSON',
    'POST',
    EVENT,
    { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  [
    'an event without data',
    'POST',
    EVENT,
    { body: { type: 'sh.keptn.event.dev.delivery.triggered' } },
  ],
  ['an event of an unknown kind', 'POST', EVENT, event('dev.delivery.triggred')],
  ['an event of a foreign type', 'POST', EVENT, { body: { type: 'com.example.build', data: {} } }],
  ['a task event nobody may send', 'POST', EVENT, event('deployment.triggered')],
  ['an event whose stages differ', 'POST', EVENT, event('prod.delivery.triggered')],
  ['an answer to no event', 'POST', EVENT, event('test.finished', { result: 'pass' })],
  [
    'a finished event without result',
    'POST',
    EVENT,
    event('test.finished', {}, { triggeredid: 'x' }),
  ],
  [
    'an event for an unknown project',
    'POST',
    EVENT,
    event('dev.delivery.triggered', { project: 'none' }),
  ],
  [
    'an event for an unknown stage',
    'POST',
    EVENT,
    event('none.delivery.triggered', { stage: 'none' }),
  ],
  [
    'an event for an unknown service',
    'POST',
    EVENT,
    event('dev.delivery.triggered', { service: 'none' }),
  ],
  ['an event for an unknown sequence', 'POST', EVENT, event('dev.delivry.triggered')],
  [
    'a configuration commit that is not there',
    'POST',
    EVENT,
    event('dev.delivery.triggered', {}, { gitcommitid: '0'.repeat(40) }),
  ],

  [
    'an evaluation of an unknown service',
    'POST',
    `${PROJECT}/shop/stage/dev/service/none/evaluation`,
    { body: { timeframe: '5m' } },
  ],
  [
    'a timeframe that is none',
    'POST',
    `${PROJECT}/shop/stage/dev/service/cart/evaluation`,
    { body: { timeframe: 'soon' } },
  ],
  [
    'a window of less than a minute',
    'POST',
    `${PROJECT}/shop/stage/dev/service/cart/evaluation`,
    { body: { timeframe: '10s' } },
  ],
  [
    'an approval that is not open',
    'POST',
    '/api/tiphys/v1/approvals/none',
    { body: { decision: 'pass' } },
  ],
  [
    'a decision that is none',
    'POST',
    '/api/tiphys/v1/approvals/none',
    { body: { decision: 'maybe' } },
  ],
  ['a context that is not there', 'GET', '/api/tiphys/v1/contexts/none'],
  ['a page size that is none', 'GET', `${PROJECT}?pageSize=many`],
  ['a time that is none', 'GET', '/api/mongodb-datastore/event?project=shop&fromTime=yesterday'],
  ['a filter without project', 'GET', '/api/mongodb-datastore/event/type/x?filter=data.stage:dev'],
  ['a route that is not built yet', 'GET', '/api/statistics/v1/statistics'],

  [
    'lint: a trigger that names nothing',
    'POST',
    '/api/tiphys/v1/lint',
    lint('shipyard.yaml', orphan),
  ],
  [
    'lint: a mistyped key in a file of Keptn',
    'POST',
    '/api/tiphys/v1/lint',
    lint('shipyard.yaml', mistyped),
  ],
  [
    'lint: a criterion that cannot be read',
    'POST',
    '/api/tiphys/v1/lint',
    lint('slo.yaml', 'objectives:\n  - sli: a\n    pass: [{criteria: ["about 5"]}]\n'),
  ],
]

it('says in every situation what stands in the table', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-situations-'))
  const server = await startComposed(folder)
  try {
    const ask = (method: string, path: string, options: SendOptions = {}) =>
      send(server.url, method, path, { token: TOKEN, ...options })
    await ask('POST', PROJECT, project(SHIPYARD, 'shop'))
    await ask('POST', `${PROJECT}/shop/service`, { body: { serviceName: 'cart' } })
    const tokens = new Map<string, string>()
    for (const [name, scope] of [
      ['narrow', 'trigger'],
      ['shop-reader', 'read'],
    ]) {
      const body = { name, scopes: [scope], projects: ['shop'] }
      const minted = await ask('POST', '/api/tiphys/v1/tokens', { body })
      tokens.set(`<${name}>`, (minted.json as { token: string }).token)
    }
    const rows: Situation[] = []
    for (const [title, method, path, options = {}] of SITUATIONS) {
      const known = tokens.get(options.token ?? '')
      const answer = await ask(
        method,
        path,
        known === undefined ? options : { ...options, token: known },
      )
      const said = await saidBy(answer, ask)
      rows.push({ situation: title, outcome: String(answer.status), sentence: said })
    }
    assertGolden('HTTP routes, one by one', rows)
  } finally {
    await server.close()
    await rm(folder, { recursive: true })
  }
})

/** The sentence of an error, the findings of a lint, or how the run ended that an accepted event started. */
async function saidBy(
  answer: Answer,
  ask: (method: string, path: string) => Promise<Answer>,
): Promise<string> {
  const body = answer.json as {
    message?: string
    keptnContext?: string
    problems?: { severity: string; file: string; line: number; column: number; message: string }[]
  }
  // After the colon the words are the JavaScript engine's and change with it.
  if (body.message !== undefined) return body.message.replace(/(not valid JSON: ).*/, '$1…')
  if (body.problems !== undefined) {
    return body.problems
      .map((one) => `${one.file}:${one.line}:${one.column}: ${one.severity}: ${one.message}`)
      .join('<br>')
  }
  const context = await ask('GET', `/api/tiphys/v1/contexts/${body.keptnContext}`)
  const { reason, verdict } = context.json as { reason: string; verdict: string }
  return `verdict ${verdict}: ${reason}`
}
