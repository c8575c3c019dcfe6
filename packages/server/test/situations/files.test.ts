import { after, before, describe, it } from 'node:test'
import type { Answer } from '../api/test-api.ts'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import { SHIPYARD } from '../end-to-end/project-files.ts'
import { base64, type Place } from '../end-to-end/tiphys-client.ts'
import { assertGolden } from './golden.ts'
import { answered, type Situation } from './situation.ts'

const SHOP: Place = { project: 'shop' }

describe('what users read: files', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation()
    await installation.client.createProject('shop', SHIPYARD, ['carts'])
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const situations: Situation[] = []
  const note = (situation: string, answer: Answer) => situations.push(answered(situation, answer))
  const write = (uri: string, text: string, place = SHOP) =>
    installation.client.tryToWrite(place, { [uri]: text })

  it('refuses our own files where they are wrong', async () => {
    for (const [situation, uri, text] of OUR_FILES) note(situation, await write(uri, text))
  })

  it('takes what Keptn took, and warns', async () => {
    for (const [situation, uri, text] of KEPTN_FILES) {
      note(
        `${situation}, added`,
        await write(uri, text, { ...SHOP, stage: 'staging', service: 'carts' }),
      )
      situations.push(await linted(`${situation}, linted`, { [uri]: text }))
    }
  })

  async function linted(situation: string, files: Record<string, string>): Promise<Situation> {
    const answer = await installation.client.ask('POST', '/api/tiphys/v1/lint', { body: { files } })
    const { problems } = answer.json as {
      problems: { severity: string; file: string; line: number; column: number; message: string }[]
    }
    const lines = problems.map((one) => `${one.file}:${one.line}:${one.column}: ${one.message}`)
    const [worst] = problems
    return { situation, outcome: worst?.severity ?? 'fine', sentence: lines.join('\n') }
  }

  it('refuses shipyards that Keptn refused, and warns of the rest', async () => {
    for (const [situation, text] of SHIPYARDS) {
      const body = { name: `p-${situations.length}`, shipyard: base64(text) }
      const path = '/api/controlPlane/v1/project'
      note(`${situation}, project created`, await installation.client.ask('POST', path, { body }))
      situations.push(await linted(`${situation}, linted`, { 'shipyard.yaml': text }))
    }
  })

  it('refuses places, names and contents that are none', async () => {
    const { client } = installation
    for (const uri of PATH_TRICKS) {
      note(`resourceURI ${JSON.stringify(uri)}`, await write(uri, 'x'))
    }
    const resource = '/api/resource-service/v1/project/shop/resource'
    const listed = (await client.ask('GET', `${resource}?pageSize=100`)).json
    const uris = (listed as { resources: { resourceURI: string }[] }).resources
    situations.push({
      situation: 'what that one is called in the project',
      outcome: 'listed',
      sentence: uris
        .map((one) => one.resourceURI)
        .filter((uri) => uri.includes('passwd'))
        .join(', '),
    })
    const post = (body: unknown, path = resource) => client.ask('POST', path, { body })
    note(
      'content that is not base64',
      await post({ resources: [{ resourceURI: 'a.txt', resourceContent: 'not base64!' }] }),
    )
    note('a resource without content', await post({ resources: [{ resourceURI: 'a.txt' }] }))
    note('no resources at all', await post({}))
    note('a project that is not there', await write('a.txt', 'x', { project: 'shopp' }))
    note('a stage that is not there', await write('a.txt', 'x', { ...SHOP, stage: 'prod' }))
    note(
      'a service that is not there',
      await write('a.txt', 'x', { ...SHOP, stage: 'staging', service: 'cart' }),
    )
    note('a resource that is not there', await client.ask('GET', `${resource}/a.txt`))
    note(
      'a commit that is not there',
      await client.ask('GET', `${resource}/shipyard.yaml?gitCommitID=${'0'.repeat(40)}`),
    )
    note('deleting the shipyard', await client.ask('DELETE', `${resource}/shipyard.yaml`))
    const project = '/api/controlPlane/v1/project'
    note(
      'a project of a name that is none',
      await post({ name: 'My Shop', shipyard: base64(SHIPYARD) }, project),
    )
    note(
      'a project that is there already',
      await post({ name: 'shop', shipyard: base64(SHIPYARD) }, project),
    )
    note('a project without shipyard', await post({ name: 'other' }, project))
    note(
      'a project with a shipyard that is not base64',
      await post({ name: 'other', shipyard: '§' }, project),
    )
    note(
      'a project with an upstream that is down',
      await post(
        {
          name: 'other',
          shipyard: base64(SHIPYARD),
          gitCredentials: { remoteURL: 'http://127.0.0.1:1/x.git', user: 'me' },
        },
        project,
      ),
    )
    note(
      'a project with an upstream of a protocol that is not allowed',
      await post(
        {
          name: 'other',
          shipyard: base64(SHIPYARD),
          gitCredentials: { remoteURL: 'https://127.0.0.1:1/x.git', user: 'me' },
        },
        project,
      ),
    )
    note(
      'a service of a name that is none',
      await post({ serviceName: 'My Cart' }, `${project}/shop/service`),
    )
    note(
      'a service that is there already',
      await post({ serviceName: 'carts' }, `${project}/shop/service`),
    )
  })

  it('reads as the golden file says', () => assertGolden('Files', situations))
})

const PATH_TRICKS = [
  '../secrets.yaml',
  'a/../../b',
  '.git/config',
  '.keptn-stages/staging/x',
  'a\\b',
  'a\u0000b',
  '',
  'metadata.yaml',
  'a~b',
  '/etc/passwd',
]

const OUR_FILES: readonly (readonly [string, string, string])[] = [
  ['project.yaml that is not YAML', 'tiphys/project.yaml', 'targets: [a, b\nsliProvider: x\n'],
  ['project.yaml with an unknown key', 'tiphys/project.yaml', 'sliProvidr: prometheus\n'],
  [
    'project.yaml with an unknown key of a stage',
    'tiphys/project.yaml',
    'stages:\n  staging:\n    queu: hold\n',
  ],
  [
    'project.yaml with a wrong word',
    'tiphys/project.yaml',
    'stages:\n  staging:\n    queue: later\n',
  ],
  ['project.yaml that is a list', 'tiphys/project.yaml', '- a\n'],
  ['project.yaml with a key twice', 'tiphys/project.yaml', 'sliProvider: a\nsliProvider: b\n'],
  [
    'tests.yaml with an unknown key',
    'tiphys/tests.yaml',
    'apiVersion: tiphys.dev/v1\ntests:\n  - name: smoke\n    check:\n      - request: GET /\n',
  ],
  [
    'tests.yaml with a duration that is none',
    'tiphys/tests.yaml',
    'apiVersion: tiphys.dev/v1\ntests:\n  - name: load\n    load:\n      model: open\n      rate: 20/s\n      duration: soon\n      requests:\n        - request: GET /\n',
  ],
  [
    'tests.yaml with a rate that is none',
    'tiphys/tests.yaml',
    'apiVersion: tiphys.dev/v1\ntests:\n  - name: load\n    load:\n      model: open\n      rate: fast\n      duration: 10s\n      requests:\n        - request: GET /\n',
  ],
  [
    'tests.yaml with a request that is none',
    'tiphys/tests.yaml',
    'apiVersion: tiphys.dev/v1\ntests:\n  - name: smoke\n    checks:\n      - request: FETCH the page\n',
  ],
  [
    'tests.yaml of aliases that grow without end',
    'tiphys/tests.yaml',
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n`,
  ],
  [
    'argocd.yaml with an unknown key',
    'argocd.yaml',
    'apiVersion: tiphys.dev/v1\napplications:\n  - application: carts\n    gitt: {}\n',
  ],
  [
    'argocd.yaml with a duration that is none',
    'argocd.yaml',
    'apiVersion: tiphys.dev/v1\napplications:\n  - application: carts\n    settle: ten seconds\n',
  ],
  [
    'argocd.yaml with a placeholder that is none',
    'argocd.yaml',
    'apiVersion: tiphys.dev/v1\napplications:\n  - application: "{{servce}}"\n',
  ],
  [
    'argocd.yaml with credentials in the repository',
    'argocd.yaml',
    'apiVersion: tiphys.dev/v1\napplications:\n  - application: carts\n    git:\n      repository: https://me:secret@git.example.com/shop.git\n      branch: main\n      fields:\n        - file: a.yaml\n          kustomizeImage: carts\n',
  ],
  [
    'argocd.yaml with a file outside the repository',
    'argocd.yaml',
    'apiVersion: tiphys.dev/v1\napplications:\n  - application: carts\n    git:\n      repository: https://git.example.com/shop.git\n      branch: main\n      fields:\n        - file: ../a.yaml\n          kustomizeImage: carts\n',
  ],
]

const KEPTN_FILES: readonly (readonly [string, string, string])[] = [
  ['slo.yaml that is not YAML', 'slo.yaml', 'objectives:\n  - sli: "rt\n    pass: []\n'],
  [
    'slo.yaml with an unknown key',
    'slo.yaml',
    'objectives:\n  - sli: rt\n    passs:\n      - criteria: ["<=200"]\n    pass:\n      - criteria: ["<=200"]\n',
  ],
  [
    'slo.yaml with a criterion that is none',
    'slo.yaml',
    'objectives:\n  - sli: rt\n    pass:\n      - criteria: ["about 200"]\n',
  ],
  ['sli.yaml with an unknown key', 'prometheus/sli.yaml', 'indicatorz:\n  rt: up\n'],
]

const stages = (...names: string[]) =>
  `apiVersion: spec.keptn.sh/0.2.3\nkind: Shipyard\nmetadata:\n  name: shop\nspec:\n  stages:\n${names
    .map(
      (name) =>
        `    - name: ${name}\n      sequences:\n        - name: delivery\n          tasks:\n            - name: test\n`,
    )
    .join('')}`

const SHIPYARDS: readonly (readonly [string, string])[] = [
  ['shipyard that is not YAML', 'apiVersion: spec.keptn.sh/0.2.3\nspec: {stages: [\n'],
  [
    'shipyard without stages',
    'apiVersion: spec.keptn.sh/0.2.3\nkind: Shipyard\nspec:\n  stages: []\n',
  ],
  ['shipyard with two stages of one name', stages('dev', 'dev')],
  ['shipyard with a stage name that is none', stages('Dev_1')],
  ['shipyard of a version that is not supported', stages('dev').replace('0.2.3', '0.1.0')],
  [
    'shipyard with an unknown key',
    stages('dev').replace('sequences:', 'sequence: []\n      sequences:'),
  ],
  [
    'shipyard with a triggeredOn that names nothing',
    stages('dev').replace(
      '          tasks:',
      '          triggeredOn:\n            - event: prod.delivery.finished\n          tasks:',
    ),
  ],
  [
    'shipyard with a triggeredOn that is no end of a sequence',
    stages('dev').replace(
      '          tasks:',
      '          triggeredOn:\n            - event: dev.delivery\n          tasks:',
    ),
  ],
  [
    'shipyard with a sequence that triggers itself',
    stages('dev').replace(
      '          tasks:',
      '          triggeredOn:\n            - event: dev.delivery.finished\n          tasks:',
    ),
  ],
  [
    'shipyard with durations that are none',
    stages('dev').replace(
      '            - name: test\n',
      '            - name: test\n              triggeredAfter: soon\n              properties:\n                timeout: 10 minutes\n          timeout: long\n',
    ),
  ],
  [
    'shipyard with an approval policy that is none',
    stages('dev').replace(
      '- name: test',
      '- name: approval\n              properties: { pass: automaticly }',
    ),
  ],
]
