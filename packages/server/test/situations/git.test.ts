import { after, before, describe, it } from 'node:test'
import { argocdYaml } from '../end-to-end/argocd-side.ts'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import type { TriggerWish } from '../end-to-end/tiphys-client.ts'
import { assertGolden } from './golden.ts'
import { ended, type Situation } from './situation.ts'

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
              properties: { timeout: 4s }
`

const PROTECTED = `error: GH006: Protected branch update failed for refs/heads/main.
error: At least 1 approving review is required.`

describe('what users read: Git', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation({
      argocd: { git: 'http', applications: [{ stage: 'staging', deployed: false }] },
      settings: { gitProtocols: ['http'] },
    })
    await installation.client.createProject('shop', SHIPYARD, ['carts'])
    await maps((yaml) => yaml)
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const situations: Situation[] = []

  async function maps(change: (yaml: string) => string): Promise<void> {
    const { client, argocd } = installation
    await client.write(
      { project: 'shop' },
      { 'argocd.yaml': change(argocdYaml(argocd.repository)) },
    )
  }

  async function deploys(situation: string, wish: TriggerWish = {}): Promise<void> {
    const { client } = installation
    const context = await client.trigger({
      sequence: 'deliver',
      image: `sample:1.${situations.length + 1}.0`,
      ...wish,
    })
    situations.push(ended(situation, await client.ended(context)))
  }

  it('says what the host says', async () => {
    const { gitHost } = installation.argocd
    if (gitHost === undefined) throw new Error('this needs a Git host')
    await gitHost.refusePushes('gitops', PROTECTED)
    await deploys('the host refuses the push')
    await gitHost.refusePushes('gitops', undefined)
    gitHost.requirePassword('tiphys', 'the password')
    await deploys('the host wants credentials, and there are none')
    gitHost.requirePassword('tiphys', undefined)
    gitHost.answerWith(500)
    await deploys('the host answers 500 until the time is over', { sequence: 'hurried' })
    gitHost.answerWith(undefined)
    await gitHost.goDown()
    await deploys('the host is down until the time is over', { sequence: 'hurried' })
    await gitHost.comeBack()
  })

  it('says what does not fit the repository', async () => {
    const { argocd } = installation
    const file = 'apps/carts/staging/kustomization.yaml'
    const changes: readonly (readonly [string, (yaml: string) => string])[] = [
      ['a branch that is not there', (yaml) => yaml.replace('branch: main', 'branch: trunk')],
      [
        'a file that is not there',
        (yaml) => yaml.replace('kustomization.yaml', 'kustomisation.yaml'),
      ],
      [
        'a path that leads nowhere',
        (yaml) =>
          yaml.replace(
            'kustomizeImage: sample',
            'yamlPath: images[name=other].newTag\n          value: image.tag',
          ),
      ],
      [
        'a Helm value whose map is not there',
        (yaml) =>
          yaml.replace(
            'kustomizeImage: sample',
            'helmValue: server.image.tag\n          value: image.tag',
          ),
      ],
      [
        'a protocol that the server does not allow',
        (yaml) => yaml.replace(/http:\S+/, 'file:///srv/gitops.git'),
      ],
      [
        'a host that is not there',
        (yaml) => yaml.replace(/http:\S+/, 'http://git.invalid/gitops.git'),
      ],
    ]
    for (const [situation, change] of changes) {
      await maps(change)
      await deploys(situation)
    }
    await maps((yaml) => yaml)
    await argocd.gitops.commit({ [file]: 'images: [\n' })
    await deploys('a file that is not YAML')
    await argocd.gitops.commit({
      [file]: 'images:\n  - name: sample\n    newTag: &tag 1.0.0\nlabels: { version: *tag }\n',
    })
    await deploys('a value with an anchor')
  })

  it('reads as the golden file says', () =>
    assertGolden('Git', situations, [[/\bat [0-9a-f]{12}\b/g, 'at <commit>']]))
})
