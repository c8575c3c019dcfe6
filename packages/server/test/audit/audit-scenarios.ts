import assert from 'node:assert/strict'
import type { AuditEntryView } from '@tiphys/contract/http/native-audit.ts'
import { base64 } from '../api/house.ts'
import type { Answer } from '../api/test-api.ts'
import { type AuditHouse, PROJECT, SHIPYARD } from './audit-house.ts'

const RESOURCES = '/api/resource-service/v1/project/shop'
const REGISTRATION = '/api/controlPlane/v1/uniform/registration'
export const SECRET_VALUE = 'sup3r-s3cret-value'
export const FILE_CONTENT = 'content-that-nobody-may-find'

/** Begins a sequence; answers the id and the context of the task that it opens. */
export async function ask(
  { call }: AuditHouse,
  sequence = 'ask',
  task = 'approval',
): Promise<{ id: string; context: string }> {
  const data = { project: 'shop', stage: 'dev', service: 'carts' }
  const event = { type: `sh.keptn.event.dev.${sequence}.triggered`, source: 't', data }
  const sent = await call('POST', '/api/v1/event', event)
  const context = (sent.json as { keptnContext: string }).keptnContext
  const path = `/api/controlPlane/v1/event/triggered/sh.keptn.event.${task}.triggered`
  const open = await call('GET', path)
  const { events } = open.json as { events: { id: string; shkeptncontext: string }[] }
  const own = events.find((one) => one.shkeptncontext === context)
  assert.ok(own, open.text)
  return { id: own.id, context }
}

export function approvalEvent({ id, context }: { id: string; context: string }, result = 'pass') {
  return {
    type: 'sh.keptn.event.approval.finished',
    source: 'chat',
    triggeredid: id,
    shkeptncontext: context,
    data: { project: 'shop', stage: 'dev', service: 'carts', result, status: 'succeeded' },
  }
}

type Expected = Partial<AuditEntryView> & { readonly action: string }
/** The answer, what the entry must say, and what else had to be done for it. */
type Scenario = (house: AuditHouse) => Promise<readonly [Answer, Expected | undefined, string?]>

const SHOP = { project: 'shop' }
const CARTS = { ...SHOP, stage: 'dev', service: 'carts' }
const LEVELS = {
  '': SHOP,
  '/stage/dev': { ...SHOP, stage: 'dev' },
  '/stage/dev/service/carts': CARTS,
}
const LINE_LEVELS = ['', '/stage/:stage', '/stage/:stage/service/:service']

/** What is done, in this order, and the entry that it leaves. */
export function scenarios(): Record<string, Scenario> {
  const all: Record<string, Scenario> = {}
  const add = (line: string, scenario: Scenario) => {
    all[line] = scenario
  }
  const simply = (line: string, path: string, body: unknown, expected?: Expected) =>
    add(line, async ({ call }) => [await call(line.split(' ')[0] ?? '', path, body), expected])

  simply('POST /api/v1/auth', '/api/v1/auth', undefined)
  simply('POST /api/tiphys/v1/lint', '/api/tiphys/v1/lint', { files: { 'slo.yaml': '' } })
  const tried = '/api/tiphys/v1/providers/try'
  const question = { ...CARTS, provider: 'argocd', indicator: 'restarts' }
  simply(`POST ${tried}`, tried, question, {
    ...{ action: 'provider.try', ...CARTS, name: 'argocd' },
    details: { indicator: 'restarts' },
  })
  const other = { name: 'other', shipyard: base64(SHIPYARD) }
  const project = { project: 'other' }
  simply(`POST ${PROJECT}`, PROJECT, other, { action: 'project.create', ...project })
  simply(`PUT ${PROJECT}`, PROJECT, other, { action: 'project.update', ...project })
  simply(`DELETE ${PROJECT}/:project`, `${PROJECT}/other`, undefined, {
    action: 'project.delete',
    ...project,
    projectDeleted: true,
  })
  const search = { project: 'shop', service: 'search' }
  simply(
    `POST ${PROJECT}/:project/service`,
    `${PROJECT}/shop/service`,
    { serviceName: 'search' },
    {
      action: 'service.create',
      ...search,
    },
  )
  simply(
    `DELETE ${PROJECT}/:project/service/:service`,
    `${PROJECT}/shop/service/search`,
    undefined,
    {
      action: 'service.delete',
      ...search,
    },
  )
  addResources(simply)
  addSequences(add, simply)
  addEvaluations(add)
  addSecretsAndTokens(simply)
  addIntegrations(add, simply)
  simply('POST /api/tiphys/v1/backup', '/api/tiphys/v1/backup', undefined, {
    action: 'backup.create',
  })
  return all
}

type Simply = (line: string, path: string, body: unknown, expected?: Expected) => void
type Add = (line: string, scenario: Scenario) => void

function addResources(simply: Simply): void {
  const content = base64(FILE_CONTENT)
  const resources = ['a.txt', 'b.txt'].map((resourceURI) => ({
    resourceURI,
    resourceContent: content,
  }))
  for (const [index, [level, where]] of Object.entries(LEVELS).entries()) {
    const line = `/api/resource-service/v1/project/:project${LINE_LEVELS[index]}/resource`
    const path = `${RESOURCES}${level}/resource`
    const several = { action: 'resource.write', ...where, name: 'a.txt, b.txt' }
    simply(`POST ${line}`, path, { resources }, several)
    simply(`PUT ${line}`, path, { resources }, several)
    const single = { ...where, name: 'x/c d.txt' }
    const uri = `${path}/x%2Fc+d.txt`
    simply(
      `PUT ${line}/*`,
      uri,
      { resourceContent: content },
      { action: 'resource.write', ...single },
    )
    simply(`DELETE ${line}/*`, uri, undefined, { action: 'resource.delete', ...single })
  }
}

function addSequences(add: Add, simply: Simply): void {
  add('POST /api/v1/event', async (house) => {
    const asked = await ask(house)
    const answer = await house.call('POST', '/api/v1/event', approvalEvent(asked))
    const details = { decision: 'pass' }
    const { id: name, context } = asked
    return [answer, { action: 'approval.decide', ...CARTS, name, context, details }]
  })
  add('POST /api/controlPlane/v1/event', async (house) => {
    const data = { project: 'shop', stage: 'dev', service: 'carts' }
    const event = { type: 'sh.keptn.event.dev.ask.triggered', source: 't', data }
    return [await house.call('POST', '/api/controlPlane/v1/event', event), undefined]
  })
  add('POST /api/tiphys/v1/events', async (house) => {
    const asked = await ask(house)
    const { id: name, context } = asked
    const batch = [{ type: 'nonsense' }, approvalEvent(asked, 'fail')]
    const answer = await house.call('POST', '/api/tiphys/v1/events', batch)
    const details = { decision: 'fail' }
    return [answer, { action: 'approval.decide', ...CARTS, name, context, details }]
  })
  add('POST /api/tiphys/v1/approvals/:triggeredId', async (house) => {
    const { id, context } = await ask(house)
    const body = { decision: 'pass', person: 'anna', comment: FILE_CONTENT }
    const answer = await house.call('POST', `/api/tiphys/v1/approvals/${id}`, body)
    const rest = { name: id, context, person: 'anna', details: { decision: 'pass' } }
    return [answer, { action: 'approval.decide', ...CARTS, ...rest }]
  })
  add('POST /api/tiphys/v1/runs/:id/rerun', async (house) => {
    const { id, context } = await ask(house)
    await house.call('POST', '/api/v1/event', approvalEvent({ id, context }, 'fail'))
    const runs = await house.call('GET', `/api/tiphys/v1/runs?context=${context}&project=shop`)
    const [run] = (runs.json as { runs: { id: string }[] }).runs
    const answer = await house.call('POST', `/api/tiphys/v1/runs/${run?.id}/rerun`, {})
    const name = run?.id ?? ''
    return [answer, { action: 'run.retry', ...SHOP, name, context }, 'approval.decide']
  })
  add('DELETE /api/tiphys/v1/contexts/:context', async (house) => {
    const { id, context } = await ask(house)
    await house.call('POST', '/api/v1/event', approvalEvent({ id, context }))
    const answer = await house.call('DELETE', `/api/tiphys/v1/contexts/${context}`)
    return [answer, { action: 'context.delete', ...SHOP, context }, 'approval.decide']
  })
  add('POST /api/tiphys/v1/contexts/:context/override-freeze', async (house) => {
    const { context } = await ask(house)
    const path = `/api/tiphys/v1/contexts/${context}/override-freeze`
    const details = { reason: 'the shop is down' }
    const answer = await house.call('POST', path, details)
    return [answer, { action: 'freeze.override', ...SHOP, context, details }]
  })
  add('POST /api/tiphys/v1/tasks/:triggeredId/result', async (house) => {
    const { id } = await ask(house, 'probe', 'check')
    return [
      await house.call('POST', `/api/tiphys/v1/tasks/${id}/result`, { result: 'pass' }),
      undefined,
    ]
  })
  simply('POST /api/tiphys/v1/tasks/results', '/api/tiphys/v1/tasks/results', {
    results: [{ triggeredId: 'none', result: 'pass' }],
  })
  const results = '/api/tiphys/v1/test-results?project=shop&stage=dev&service=carts&context=c'
  simply('POST /api/tiphys/v1/test-results', results, {
    files: [{ name: 'own.json', format: 'tiphys', text: '{"requests": 1}' }],
  })
  const line = `POST ${PROJECT}/:project/stage/:stage/service/:service/evaluation`
  simply(line, `${PROJECT}/shop/stage/dev/service/carts/evaluation`, { timeframe: '5m' })
  add('POST /api/controlPlane/v1/sequence/:project/:context/control', async (house) => {
    const { context } = await ask(house)
    const path = `/api/controlPlane/v1/sequence/shop/${context}/control`
    const answer = await house.call('POST', path, { state: 'pause', stage: 'dev' })
    return [answer, { action: 'run.pause', ...SHOP, stage: 'dev', context }]
  })
  add('POST /api/tiphys/v1/contexts/:context/control', async (house) => {
    const { context } = await ask(house)
    const path = `/api/tiphys/v1/contexts/${context}/control`
    return [
      await house.call('POST', path, { action: 'abort' }),
      { action: 'run.abort', ...SHOP, context },
    ]
  })
}

function addEvaluations(add: Add): void {
  const evaluations = '/api/tiphys/v1/evaluations/:triggeredId'
  const why = { reason: 'a bad day', person: 'anna' }
  const corrected = (what: string, method: string, action: string, first?: string) =>
    add(`${method} ${evaluations}/${what}`, async (house) => {
      const { id, context } = await evaluated(house)
      const path = `/api/tiphys/v1/evaluations/${id}/${what}`
      if (first !== undefined) await house.call('POST', path, { reason: 'before' })
      const answer =
        method === 'POST'
          ? await house.call('POST', path, why)
          : await house.call('DELETE', `${path}?reason=a+bad+day&person=anna`)
      const rest = { name: id, context, person: 'anna', details: { reason: 'a bad day' } }
      const expected = { action, ...CARTS, ...rest }
      return first === undefined ? [answer, expected] : [answer, expected, first]
    })
  add(`POST ${evaluations}/what-if`, async (house) => {
    const { id } = await evaluated(house)
    const slo = 'objectives: [{sli: rt, pass: [{criteria: ["<9"]}]}]'
    return [
      await house.call('POST', `/api/tiphys/v1/evaluations/${id}/what-if`, { slo }),
      undefined,
    ]
  })
  corrected('invalidation', 'POST', 'evaluation.invalidate')
  corrected('invalidation', 'DELETE', 'evaluation.restore', 'evaluation.invalidate')
  corrected('pin', 'POST', 'evaluation.pin')
  corrected('pin', 'DELETE', 'evaluation.unpin', 'evaluation.pin')
}

/** One that was measured, by somebody the task was left to. */
async function evaluated(house: AuditHouse): Promise<{ id: string; context: string }> {
  const asked = await ask(house, 'judge', 'evaluation')
  const indicator = {
    score: 1,
    value: { metric: 'rt', value: 5, success: true },
    displayName: '',
    passTargets: [],
    warningTargets: null,
    keySli: false,
    status: 'pass',
  }
  const evaluation = {
    timeStart: '',
    timeEnd: '',
    result: 'pass',
    score: 100,
    sloFileContent: base64('objectives: [{sli: rt}]'),
    indicatorResults: [indicator],
  }
  const path = `/api/tiphys/v1/tasks/${asked.id}/result`
  const told = await house.call('POST', path, { result: 'pass', data: { evaluation } })
  assert.equal(told.status, 200, told.text)
  return asked
}

function addSecretsAndTokens(simply: Simply): void {
  const secrets = '/api/secrets/v1/secret'
  const secret = { name: 'db', data: { password: SECRET_VALUE } }
  const entry = { name: 'db', details: { scope: 'keptn-default' } }
  simply(`POST ${secrets}`, secrets, secret, { action: 'secret.create', ...entry })
  simply(`PUT ${secrets}`, secrets, secret, { action: 'secret.update', ...entry })
  simply(`DELETE ${secrets}`, `${secrets}?name=db&scope=keptn-default`, undefined, {
    action: 'secret.delete',
    ...entry,
  })
  const tokens = '/api/tiphys/v1/tokens'
  const ci = { name: 'ci', scopes: ['trigger', 'read'], projects: ['shop'] }
  const { name, ...details } = ci
  simply(`POST ${tokens}`, tokens, ci, { action: 'token.create', name, details })
  simply(`DELETE ${tokens}/:name`, `${tokens}/ci`, undefined, { action: 'token.delete', name })
}

function addIntegrations(add: Add, simply: Simply): void {
  const known = { id: '' }
  const event = 'sh.keptn.event.test.triggered'
  const metadata = { hostname: 'node-1', kubernetesmetadata: { namespace: 'keptn' } }
  const registration = { name: 'k6', metadata, subscriptions: [] }
  add(`POST ${REGISTRATION}`, async ({ call }) => {
    const answer = await call('POST', REGISTRATION, registration)
    known.id = (answer.json as { id: string }).id
    const details = { integration: 'k6' }
    return [answer, { action: 'integration.register', name: known.id, details }]
  })
  const own = (line: string, below: string, body: unknown, action?: string) =>
    add(line, async ({ call }) => {
      const [method = ''] = line.split(' ')
      const answer = await call(method, `${REGISTRATION}/${known.id}${below}`, body)
      return [answer, action === undefined ? undefined : { action, name: known.id }]
    })
  const one = `${REGISTRATION}/:integration`
  own(`PUT ${one}/ping`, '/ping', undefined)
  const path = '/subscription'
  own(`POST ${one}/subscription`, path, { event }, 'subscription.create')
  const sub = `${one}/subscription/:subscription`
  own(`PUT ${sub}`, `${path}/s1`, { event }, 'subscription.update')
  own(`DELETE ${sub}`, `${path}/s1`, undefined, 'subscription.delete')
  own(`DELETE ${one}`, '', undefined, 'integration.unregister')
  const log = '/api/controlPlane/v1/log'
  simply(`POST ${log}`, log, { logs: [] })
  simply(`DELETE ${log}`, `${log}?integrationId=none`, undefined, {
    action: 'integration-log.delete',
    name: 'none',
  })
}
