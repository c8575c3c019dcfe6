import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { ROUTE_ACCESS } from '../../src/api/route-access.ts'
import { startComposed, TOKEN } from './composed-server.ts'
import { base64, SHIPYARD, startHouse } from './house.ts'
import { send } from './test-api.ts'

/** Without the one that would take the project away from all others, and those whose answer ends with their client (test/streams). */
const lines = Object.keys(ROUTE_ACCESS)
  .filter((line) => line.includes('/api/'))
  .filter((line) => line !== 'DELETE /api/controlPlane/v1/project/:project')
  .filter((line) => !line.endsWith('/stream'))

/** Words that routes know, so that nonsense gets past the first check. */
const word = fc.oneof(
  fc.constantFrom('shop', 'dev', 'prod', 'cart', 'none', 'constructor', '__proto__', '..', '%00'),
  fc.constantFrom('sh.keptn.event.dev.delivery.triggered', 'sh.keptn.event.test.finished'),
  fc.string({ unit: 'binary', maxLength: 20 }),
)

const query = fc.array(
  fc.tuple(
    fc.constantFrom(
      ...['pageSize', 'nextPageKey', 'fromTime', 'beforeTime', 'filter', 'limit', 'project'],
      ...['keptnContext', 'type', 'state', 'name', 'scope', 'eventID', 'root', 'gitCommitID'],
    ),
    fc.oneof(
      word,
      fc.constantFrom('0', '-1', '1e308', '9007199254740993', 'true', 'data.project:shop'),
    ),
  ),
  { maxLength: 4 },
)

const field = fc.constantFrom(
  ...[
    'type',
    'source',
    'id',
    'data',
    'project',
    'stage',
    'service',
    'triggeredid',
    'shkeptncontext',
  ],
  ...['name', 'shipyard', 'serviceName', 'resources', 'resourceURI', 'resourceContent', 'labels'],
  ...[
    'state',
    'stage',
    'timeframe',
    'start',
    'end',
    'decision',
    'result',
    'status',
    'files',
    'scopes',
  ],
)

const { body } = fc.letrec((tie) => ({
  body: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'body' },
    word,
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(base64(SHIPYARD), base64('apiVersion: x')),
    fc.array(tie('body'), { maxLength: 3 }),
    fc.dictionary(field, tie('body'), { maxKeys: 6 }),
  ),
}))

/** Bodies that routes take, with a field spoiled now and then. */
const nearlyBody = fc
  .tuple(
    fc.constantFrom<object>(
      { resources: [{ resourceURI: 'a/b', resourceContent: 'eA==' }] },
      { resourceContent: base64('apiVersion: tiphys.dev/v1') },
      { name: 'shop', shipyard: base64(SHIPYARD) },
      { serviceName: 'search' },
      { state: 'pause' },
      { action: 'resume' },
      { decision: 'pass' },
      { result: 'pass' },
      { timeframe: '5m' },
      { files: { 'slo.yaml': 'objectives: [' } },
      { name: 'a', data: { b: 'c' } },
      { name: 'a', scopes: ['read'], projects: ['shop'] },
    ),
    fc.dictionary(field, body, { maxKeys: 1 }),
  )
  .map(([whole, spoiled]) => ({ ...whole, ...spoiled }))

/** An event that would be taken, with little of it spoiled: so that the intake and the engine see nonsense too. */
const nearlyEvent = fc
  .record({
    task: fc.constantFrom('dev.delivery.triggered', 'prod.delivery.triggered', 'dev.no.triggered'),
    spoiled: fc.dictionary(field, body, { maxKeys: 1 }),
    spoiledData: fc.dictionary(field, body, { maxKeys: 1 }),
    extra: fc.dictionary(word, body, { maxKeys: 2 }),
  })
  .map(({ task, spoiled, spoiledData, extra }) => ({
    type: `sh.keptn.event.${task}`,
    source: 'fuzz',
    data: {
      project: 'shop',
      stage: task.split('.')[0],
      service: 'cart',
      deployment: extra,
      ...spoiledData,
    },
    ...spoiled,
  }))

/** What stands in a path: mostly what is there, so that a request gets far. */
function slot(name: string, nonsense: string, isKnown: boolean): string {
  const known = { project: 'shop', stage: 'dev', service: 'cart', '*': 'shipyard.yaml' }[name]
  return isKnown && known !== undefined ? known : nonsense
}

type Target = {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

/** The surface over parts without a disk, and the server as users start it: SQLite and Git have their own ways to fail. */
const targets: readonly { name: string; runs: number; start(): Promise<Target> }[] = [
  {
    name: 'parts without a disk',
    runs: 400,
    async start() {
      const house = await startHouse()
      return { url: house.api.url, token: 'admin', close: () => house.close() }
    },
  },
  {
    name: 'the composed server',
    runs: 150,
    async start() {
      const folder = await mkdtemp(join(tmpdir(), 'tiphys-fuzz-'))
      const server = await startComposed(folder)
      async function close(): Promise<void> {
        await server.close()
        await rm(folder, { recursive: true })
      }
      return { url: server.url, token: TOKEN, close }
    },
  },
]

for (const { name, runs, start } of targets) {
  describe(`no bad input makes the server fail: ${name}`, () => {
    let target: Target
    let taken = 0
    beforeEach(async () => {
      taken = 0
      target = await start()
      const { url, token } = target
      const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
      await send(url, 'POST', '/api/controlPlane/v1/project', { token, body: shop })
      const path = '/api/controlPlane/v1/project/shop/service'
      await send(url, 'POST', path, { token, body: { serviceName: 'cart' } })
    })
    afterEach(() => target.close())

    async function isGraceful(method: string, path: string, text: string | undefined) {
      const answer = await rawSend(target, method, path, text)
      assert.ok(answer.status < 500, `${method} ${path} ${text}: ${answer.status} ${answer.text}`)
      if (answer.status < 400) {
        taken++
        return
      }
      const error = JSON.parse(answer.text) as { code: number; message: string }
      assert.equal(error.code, answer.status)
      assert.ok(error.message.length > 0 && !error.message.includes('\n    at '), error.message)
    }

    it('in paths, queries and bodies of every route', async () => {
      // Secrets, tokens, Argo CD and backups are absent from the parts without a disk.
      const isHere = (line: string) =>
        name.includes('composed') || !/secrets|tokens|argocd|backup/.test(line)
      const anything = fc.tuple(
        fc.constantFrom(...lines.filter(isHere)),
        fc.array(fc.tuple(word, fc.boolean()), { minLength: 5, maxLength: 5 }),
        query,
        fc.option(
          fc.oneof(
            fc.oneof(body, nearlyBody, nearlyBody).map((value) => JSON.stringify(value)),
            fc.string(),
          ),
          {
            nil: undefined,
          },
        ),
      )
      await fc.assert(
        fc.asyncProperty(anything, async ([line, words, pairs, text]) => {
          const [method = '', pattern = ''] = line.split(' ')
          let next = 0
          const path = pattern.replace(/:(\w+)|\*/g, (_all, slotName: string | undefined) => {
            const [nonsense, isKnown] = words[next++] ?? ['x', false]
            return encode(slot(slotName ?? '*', nonsense, isKnown))
          })
          const search = pairs.map(([key, value]) => `${key}=${encode(value)}`).join('&')
          const isBodyless = method === 'GET' || method === 'DELETE'
          await isGraceful(method, `${path}?${search}`, isBodyless ? undefined : text)
        }),
        { numRuns: runs },
      )
    })

    it('in events', async () => {
      await fc.assert(
        fc.asyncProperty(nearlyEvent, async (event) => {
          await isGraceful('POST', '/api/v1/event', JSON.stringify(event))
        }),
        { numRuns: runs },
      )
      assert.ok(taken > runs / 4, `${taken} of ${runs} were taken`)
      // Whatever it took, it can still show.
      const { url, token } = target
      for (const path of [
        '/api/controlPlane/v1/project/shop',
        '/api/controlPlane/v1/sequence/shop',
        '/api/controlPlane/v1/sequence-execution?project=shop',
        '/api/mongodb-datastore/event?project=shop&pageSize=100',
        '/api/tiphys/v1/runs?project=shop',
        '/api/tiphys/v1/approvals',
      ]) {
        assert.equal((await send(url, 'GET', path, { token })).status, 200, path)
      }
    })
  })
}

/** Percent-encoding that also takes half surrogate pairs, which encodeURIComponent refuses. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function rawSend(
  { url, token }: Target,
  method: string,
  path: string,
  body: string | undefined,
): Promise<{ status: number; text: string }> {
  const { port } = new URL(url)
  const headers = {
    'x-token': token,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers }
    const outgoing = request(options, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
