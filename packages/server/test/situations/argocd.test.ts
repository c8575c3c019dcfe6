import { after, before, describe, it } from 'node:test'
import { argocdYaml } from '../end-to-end/argocd-side.ts'
import { freePort, type Installation, openInstallation } from '../end-to-end/harness.ts'
import type { TriggerWish } from '../end-to-end/tiphys-client.ts'
import { until } from '../end-to-end/until.ts'
import { assertGolden } from './golden.ts'
import { ended, type Situation, waiting } from './situation.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: deliver
          tasks:
            - name: deployment
        - name: hurried
          tasks:
            - name: deployment
              properties: { timeout: 5s }
        - name: undo
          tasks:
            - name: rollback
`

/** Applications that Argo CD knows; nothing of them runs before it is deployed. */
const SERVICES: Readonly<Record<string, object>> = {
  plain: {},
  unasked: { authorized: '' },
  elsewhere: { authorized: 'shop:production' },
  unheard: {},
  wrong: {},
  narrow: {},
  blind: {},
  outage: {},
  failing: {},
  refused: {},
  crashing: {},
  lazy: {},
  closed: { argocdProject: 'closed' },
  rivals: {},
  unread: {},
}

const NARROW = 'token-that-may-only-look'
const BLIND = 'token-that-may-nothing'

describe('what users read: Argo CD', () => {
  let installation: Installation
  before(async () => {
    const nowhere = await freePort()
    installation = await openInstallation({
      argocd: {
        applications: Object.entries(SERVICES).map(([service, more]) => ({
          service,
          stage: 'staging',
          deployed: false,
          ...more,
        })),
        simulator: {
          tokens: [
            { token: 'token-for-argocd-in-tests', username: 'tiphys' },
            { token: NARROW, username: 'narrow', rbac: [{ project: '*', actions: ['get'] }] },
            { token: BLIND, username: 'blind', rbac: [] },
          ],
          projects: [
            {
              name: 'closed',
              syncWindows: [
                { kind: 'deny', schedule: '* * * * *', duration: '24h', applications: ['*'] },
              ],
            },
          ],
        },
      },
      settings: (argocd) => ({
        argocd: [
          ['default', argocd?.simulator.url ?? '', 'token-for-argocd-in-tests'] as const,
          ['wrong-token', argocd?.simulator.url ?? '', 'not-the-token'] as const,
          ['narrow-token', argocd?.simulator.url ?? '', NARROW] as const,
          ['blind-token', argocd?.simulator.url ?? '', BLIND] as const,
          ['nowhere', `http://127.0.0.1:${nowhere}`, 'any'] as const,
        ].map(([name, url, token]) => ({ name, url, token })),
      }),
    })
    const { client, argocd } = installation
    await client.createProject('shop', SHIPYARD, [...Object.keys(SERVICES), 'absent', 'unmapped'])
    await client.write({ project: 'shop' }, { 'argocd.yaml': argocdYaml(argocd.repository) })
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const IMAGE = 'sample:1.1.0'
  const situations: Situation[] = []

  async function deploys(situation: string, wish: TriggerWish): Promise<Situation> {
    const { client } = installation
    const context = await client.trigger({ sequence: 'deliver', image: IMAGE, ...wish })
    return ended(situation, await client.ended(context))
  }

  /** The service's own argocd.yaml, which counts before the project's. */
  async function maps(service: string, change: (yaml: string) => string): Promise<void> {
    const { client, argocd } = installation
    const place = { project: 'shop', stage: 'staging', service }
    await client.write(place, { 'argocd.yaml': change(argocdYaml(argocd.repository)) })
  }

  const withInstance = (name: string) => (yaml: string) =>
    yaml.replace('  - application:', `  - instance: ${name}\n    application:`)

  it('says what is missing on the way to an application', async () => {
    situations.push(
      await deploys('an application that did not agree', { service: 'unasked' }),
      await deploys('an application that agreed to another stage', { service: 'elsewhere' }),
    )
    const connections = [
      ['an Argo CD that the server does not know', 'unheard', 'unheard-of'],
      ['a token that Argo CD does not know', 'wrong', 'wrong-token'],
      ['a token that may not sync', 'narrow', 'narrow-token'],
      ['a token that may not even look', 'blind', 'blind-token'],
    ] as const
    for (const [, service, instance] of connections) await maps(service, withInstance(instance))
    const refused = connections.map(([situation, service]) => deploys(situation, { service }))
    situations.push(...(await Promise.all(refused)))
    const repository = installation.argocd.repository.replace('gitops', 'another')
    await maps('unread', (yaml) => yaml.replace(installation.argocd.repository, repository))
    situations.push(
      await deploys('a repository that the application does not read', { service: 'unread' }),
    )
  })

  it('says what is wrong with the values', async () => {
    situations.push(
      await deploys('an image without tag', { service: 'plain', image: 'sample' }),
      await deploys('an image that is a command', { service: 'plain', image: 'sample:1 && rm' }),
      await deploys('an image that is a map', {
        service: 'plain',
        data: { configurationChange: { values: { image: { tag: '1' } } } },
      }),
      await deploys('no image at all: what Git says already is synced', {
        service: 'plain',
        data: { configurationChange: { values: {} } },
      }),
    )
    await maps('unmapped', () => 'apiVersion: tiphys.dev/v1\napplications: []\n')
    const { client } = installation
    const open = await client.trigger({ service: 'unmapped', sequence: 'deliver', image: IMAGE })
    await client.openTask(open, 'deployment')
    situations.push(
      waiting('a service that is not deployed through Argo CD', await client.context(open)),
    )
    const undone = await client.trigger({ service: 'plain', sequence: 'undo' })
    situations.push(ended('a rollback where nothing was deployed', await client.ended(undone)))
  })

  it('says how Argo CD fails', async () => {
    const { simulator } = installation.argocd
    await maps('outage', withInstance('nowhere'))
    simulator.setFault({ match: '/applications/failing-', status5xx: 503 })
    simulator.refuseNextApply(
      'refused-staging',
      'admission webhook denied the request: no limits set',
    )
    situations.push(
      ...(await Promise.all([
        deploys('an application that is not there', { service: 'absent', sequence: 'hurried' }),
        deploys('Argo CD is down until the time is over', {
          service: 'outage',
          sequence: 'hurried',
        }),
        deploys('Argo CD answers 503 until the time is over', {
          service: 'failing',
          sequence: 'hurried',
        }),
        deploys('the cluster refuses the apply', { service: 'refused' }),
        deploys('the new version crashes', { service: 'crashing', image: 'sample:1.1.0-crash' }),
        deploys('the new version never becomes ready', {
          service: 'lazy',
          image: 'sample:1.1.0-lazy60',
        }),
      ])),
    )
    simulator.clearFaults()
  })

  it('says who came in between, and what it waits for', async () => {
    const { client, argocd } = installation
    const rival = await client.trigger({
      service: 'rivals',
      sequence: 'deliver',
      image: 'sample:1.1.0-lazy60',
    })
    await until('the sync of the deployment', () => {
      const { operationState } = argocd.simulator.application('rivals-staging').status
      return operationState?.phase === 'Succeeded' ? true : undefined
    })
    await argocd.pushTag('2.0.0', 'staging', 'rivals')
    situations.push(ended('somebody pushes another version meanwhile', await client.ended(rival)))
    await maps('closed', (yaml) => yaml.replace('    settle:', '    project: closed\n    settle:'))
    const closed = await client.trigger({ service: 'closed', sequence: 'deliver', image: IMAGE })
    const blocked = await client.seen(closed, 'a closed window', (timeline) =>
      timeline.runs.some((run) => run.waiting.some((one) => one.code === 'blocked'))
        ? timeline
        : undefined,
    )
    situations.push(waiting('a sync window is closed', blocked))
    await client.ask('POST', `/api/tiphys/v1/contexts/${closed}/control`, {
      body: { action: 'abort' },
    })
    await client.ended(closed)
    const answer = await client.ask('GET', '/api/tiphys/v1/argocd/instances')
    const { instances } = answer.json as {
      instances: { name: string; reachable: boolean; message?: string }[]
    }
    for (const one of instances) {
      situations.push({
        situation: `the list of instances: ${one.name}`,
        outcome: one.reachable ? 'reachable' : 'not reachable',
        sentence: one.message ?? '',
      })
    }
  })

  it('reads as the golden file says', () =>
    assertGolden('Argo CD', situations, [
      [installation.folder, '<folder>'],
      [/\brevision [0-9a-f]{8}\b/g, 'revision <commit>'],
    ]))
})
