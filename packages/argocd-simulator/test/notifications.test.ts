import { strict as assert } from 'node:assert'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import type { NotificationsSettings } from '../src/notifications/settings.ts'
import { kustomization } from './support/git-repository.ts'
import {
  AUTO_SYNC,
  eventually,
  isHealthy,
  NO_CHANCE,
  startSimulation,
  until,
} from './support/simulation.ts'

const CARTS = '/api/v1/applications/carts'

type Received = {
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose form they check
  body: any
}

/** A receiver of webhooks that answers with the given statuses, the last one for ever. */
async function startReceiver(...statuses: number[]) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body: JSON.parse(text) })
      response.writeHead((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    received,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/event`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const LABELS = {
  'tiphys.dev/project': 'sockshop',
  'tiphys.dev/service': 'carts',
  'tiphys.dev/stage': 'staging',
}

function settings(
  url: string,
  change: Partial<NotificationsSettings['webhooks'][0]> = {},
): NotificationsSettings {
  return {
    argocdUrl: 'https://argocd.example.com',
    webhooks: [
      {
        name: 'tiphys',
        url,
        headers: [
          { name: 'Content-Type', value: 'application/json' },
          { name: 'x-token', value: 'secret' },
        ],
        retryWaitMinMs: 5,
        retryWaitMaxMs: 20,
        ...change,
      },
    ],
    subscriptions: [
      {
        recipients: ['tiphys'],
        selector: 'tiphys.dev/project',
        triggers: ['on-tiphys-deployed', 'on-tiphys-sync-failed', 'on-tiphys-degraded'],
      },
    ],
  }
}

function withNotifications(notifications: NotificationsSettings, traps = {}) {
  return {
    spec: AUTO_SYNC,
    metadata: { labels: LABELS, annotations: { 'tiphys.dev/sequence': 'verify' } },
    simulator: {
      timingPreset: 'fast' as const,
      traps: { ...NO_CHANCE, staleHealth: false, ...traps },
      notifications,
    },
  }
}

// They mostly wait, each for its own simulator.
describe('notifications', { concurrency: 3 }, () => {
  test('a deployment is told once, in the form of the template', async () => {
    await using receiver = await startReceiver(200)
    await using simulation = await startSimulation(withNotifications(settings(receiver.url)))
    const { simulator } = simulation
    await eventually(
      () => receiver.received,
      ({ length }) => length > 0,
    )
    await simulator.settled()
    assert.equal(receiver.received.length, 1)
    const [{ headers, body }] = receiver.received as [Received]
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['x-token'], 'secret')
    const { metadata, status } = simulator.application('carts')
    const startedAt = status.operationState?.startedAt
    const revision = status.sync.revision
    assert.deepEqual(body, {
      specversion: '1.0',
      id: `argocd:${metadata.uid}:${startedAt}:deployed`,
      source: 'https://argocd.example.com/applications/argocd/carts',
      type: 'sh.keptn.event.staging.verify.triggered',
      time: status.operationState?.finishedAt,
      datacontenttype: 'application/json',
      shkeptnspecversion: '0.2.4',
      data: {
        project: 'sockshop',
        service: 'carts',
        stage: 'staging',
        result: 'pass',
        message: 'successfully synced (all tasks run)',
        labels: {
          argocdApp: 'argocd/carts',
          argocdOutcome: 'deployed',
          revision,
          syncStartedAt: startedAt,
          historyId: '0',
        },
        deployment: {
          deploymentNames: ['carts'],
          deploymentURIsPublic: [simulator.ingressUrl('carts')],
          gitCommit: revision,
        },
        argocd: {
          images: ['registry.example/sample:1.0.0'],
          revisions: [],
          phase: 'Succeeded',
          health: 'Healthy',
          sync: 'Synced',
          initiatedBy: { automated: true },
        },
      },
    })
    assert.match(
      metadata.annotations?.['notified.notifications.argoproj.io'] ?? '',
      new RegExp(`"${startedAt}:on-tiphys-deployed:\\[0\\]\\.[\\w-]+:tiphys:":\\d+`),
    )
  })

  test('operations of our own runs, and self-heals, are not told; failures and degradation are', async () => {
    await using receiver = await startReceiver(200)
    await using simulation = await startSimulation(withNotifications(settings(receiver.url)))
    const { api, simulator, repository } = simulation
    await until(simulator, isHealthy)
    await simulator.settled()
    const before = receiver.received.length
    await api('POST', `${CARTS}/sync`, {
      body: { project: 'shop', infos: [{ name: 'tiphys.dev/run', value: 'r1' }] },
    })
    await simulator.settled()
    assert.equal(receiver.received.length, before)
    await repository.commit(kustomization('1.1.0-crash'))
    const last = () => receiver.received.at(-1)?.body.data
    await eventually(last, (data) => data?.labels.argocdOutcome === 'degraded')
    assert.equal(last().result, 'fail')
    await api('PATCH', CARTS, {
      body: { patch: '{"spec":{"syncPolicy":null}}', patchType: 'merge', project: 'shop' },
    })
    simulator.refuseNextApply('carts', 'refused')
    await api('POST', `${CARTS}/sync`, { body: { project: 'shop' } })
    await eventually(last, (data) => data?.labels.argocdOutcome === 'sync-failed')
    assert.match(last().message, /refused/)
  })

  test('a delivery is retried, and with oncePer lost when all tries failed', async () => {
    await using receiver = await startReceiver(500, 429, 200)
    await using simulation = await startSimulation(withNotifications(settings(receiver.url)))
    const { simulator } = simulation
    await eventually(
      () => simulator.counts().notifications.sent,
      (sent) => sent === 1,
    )
    await simulator.settled()
    const { sent, retried, failed } = simulator.counts().notifications
    assert.deepEqual([sent, retried, failed, receiver.received.length], [1, 2, 0, 3])

    await using broken = await startReceiver(503)
    await using second = await startSimulation(withNotifications(settings(broken.url)))
    await eventually(
      () => second.simulator.counts().notifications.failed,
      (count) => count === 1,
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    const lost = second.simulator.counts().notifications
    assert.deepEqual([lost.sent, lost.retried, lost.failed], [0, 3, 1])
    const refused = await startReceiver(404)
    await using third = await startSimulation(withNotifications(settings(refused.url)))
    await eventually(
      () => third.simulator.counts().notifications.failed,
      (count) => count === 1,
    )
    assert.equal(third.simulator.counts().notifications.retried, 0)
    await refused[Symbol.asyncDispose]()
  })

  test('a lost record makes it come again, by request and by chance', async () => {
    await using receiver = await startReceiver(200)
    await using simulation = await startSimulation(withNotifications(settings(receiver.url)))
    const { simulator } = simulation
    await eventually(
      () => receiver.received.length,
      (count) => count === 1,
    )
    await simulator.settled()
    simulator.repeatNotifications('carts')
    await simulator.settled()
    assert.equal(receiver.received.length, 2)
    assert.equal(receiver.received[0]?.body.id, receiver.received[1]?.body.id)

    await using other = await startReceiver(200)
    await using chance = await startSimulation(
      withNotifications(settings(other.url), { duplicateNotifications: 0.9 }),
    )
    await eventually(
      () => other.received.length,
      (count) => count > 1,
    )
    await chance.simulator.settled()
    const counts = chance.simulator.counts().notifications
    assert.equal(counts.sent, counts.duplicates + 1)
  })

  test('the seed form names no operation; an annotation subscribes; without oncePer it flaps', async () => {
    await using receiver = await startReceiver(200)
    const base = settings(receiver.url, { form: 'seed', headers: [] })
    await using simulation = await startSimulation({
      ...withNotifications({
        ...base,
        subscriptions: [],
        triggersWithoutOncePer: ['on-deployed'],
      }),
      metadata: {
        labels: { keptnProject: 'sockshop', keptnService: 'carts', stage: 'dev' },
        annotations: {
          'notifications.argoproj.io/subscribe.on-deployed.tiphys': '',
          externalURI: 'http://carts.example',
          'tiphys.dev/sequence': 'delivery',
        },
      },
    })
    const { simulator, repository } = simulation
    await eventually(
      () => receiver.received.length,
      (count) => count === 1,
    )
    assert.equal(receiver.received[0]?.headers['content-type'], undefined)
    assert.deepEqual(receiver.received[0]?.body, {
      type: 'sh.keptn.event.dev.delivery.triggered',
      source: 'argocd',
      specversion: '1.0',
      data: {
        project: 'sockshop',
        service: 'carts',
        stage: 'dev',
        labels: { argocdApp: 'carts' },
        deployment: { deploymentURIsPublic: ['http://carts.example'] },
      },
    })
    await repository.commit(kustomization('1.1.0'))
    await eventually(
      () => receiver.received.length,
      (count) => count === 2,
    )
    await simulator.settled()
  })
})
