import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { freePort, type Installation, openInstallation } from '../end-to-end/harness.ts'
import { assertGolden } from './golden.ts'
import { inTurns, runCommand } from './run-command.ts'
import { printed, type Situation } from './situation.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks:
            - name: deployment
              properties: { executor: external }
        - name: release
          tasks:
            - name: release
        - name: gate
          tasks:
            - name: evaluation
`

const FILES: Readonly<Record<string, string>> = {
  'shipyard.yaml': SHIPYARD,
  'broken.yaml': 'apiVersion: spec.keptn.sh/0.2.3\nspec: {stages: [\n',
  'orphan.yaml': SHIPYARD.replace(
    '        - name: release\n',
    '        - name: release\n          triggeredOn:\n            - event: staging.delivry.finished\n',
  ),
  'slo.yaml':
    'objectives:\n  - sli: rt\n    passs: []\n    pass:\n      - criteria: ["<=200"]\n    warning:\n      - criteria: ["<=300"]\n',
  'clean-slo.yaml':
    'objectives:\n  - sli: rt\n    pass:\n      - criteria: ["<=200"]\n    warning:\n      - criteria: ["<=300"]\ntotal_score: { pass: "90%", warning: "50%" }\n',
  'project.yaml': 'sliProvidr: prometheus\n',
  'sli.yaml': 'indicators: { rt: up }\n',
  'fast.json': '{"indicatorValues":[{"metric":"rt","value":150,"success":true,"message":""}]}',
  'slower.json': '{"indicatorValues":[{"metric":"rt","value":250,"success":true,"message":""}]}',
  'slow.json': '{"indicatorValues":[{"metric":"rt","value":400,"success":true,"message":""}]}',
  'nothing.json': '{"indicatorValues":[]}',
  'event.json': '{"type": "sh.keptn.event.staging.delivery.triggered", ',
}

describe('what users read: the command line', () => {
  let installation: Installation
  let nowhere = ''
  before(async () => {
    installation = await openInstallation()
    nowhere = `http://127.0.0.1:${await freePort()}`
    await installation.client.createProject('shop', SHIPYARD, ['carts', 'orders'])
    for (const [name, text] of Object.entries(FILES)) {
      await writeFile(join(installation.folder, name), text)
    }
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const situations: Situation[] = []

  async function run(situation: string, line: string, environment = {}): Promise<Situation> {
    const { folder, url, token } = installation
    const login = { TIPHYS_ENDPOINT: url, TIPHYS_API_TOKEN: token }
    const result = await runCommand(folder, line.split(' '), { ...login, ...environment })
    // While it waits it draws on stderr how it goes; what it came to stands on stdout.
    const isWaiting = line.includes('--wait') && result.stdout !== ''
    return printed(
      `${situation}: \`tiphys ${line}\``,
      isWaiting ? { ...result, stderr: '' } : result,
    )
  }

  it('says what is wrong with how it was called', async () => {
    const shop = '--project shop --stage staging --service carts'
    situations.push(
      ...(await inTurns(
        [
          ['nobody answers', 'get projects', { TIPHYS_ENDPOINT: nowhere }],
          ['an address that is none', 'get projects', { TIPHYS_ENDPOINT: 'ftp://shop' }],
          ['a wrong token', 'get projects', { TIPHYS_API_TOKEN: 'wrong' }],
          ['a command that is none', 'trigr delivery'],
          ['a flag that is missing', 'create service carts'],
          ['a flag that is none', 'get projects --colour'],
          ['a file that is not there', `add-resource ${shop} --resource nope.yaml`],
          [
            'a file of ours that is wrong',
            'add-resource --project shop --resource project.yaml --resourceUri tiphys/project.yaml',
          ],
          ['a file of Keptn with a typing mistake', `add-resource ${shop} --resource slo.yaml`],
          ['a shipyard that is not YAML', 'create project other --shipyard broken.yaml'],
          ['a project that is there already', 'create project shop --shipyard shipyard.yaml'],
          ['a project that is not there', 'get stages --project shopp'],
          ['an event that is not JSON', 'send event --file event.json'],
          ['a context that is not there', 'why 00000000-0000-4000-8000-000000000000'],
          ['an approval that is not there', 'approve 00000000-0000-4000-8000-000000000000'],
          [
            'aborting what is not there',
            'abort sequence --project shop --keptn-context 00000000-0000-4000-8000-000000000000',
          ],
          ['a shipyard that is not YAML', 'lint broken.yaml'],
          ['a trigger that names nothing', 'lint orphan.yaml'],
          ['two files, one of them with a typing mistake', 'lint shipyard.yaml slo.yaml'],
          ['nothing to complain of', 'lint shipyard.yaml'],
        ] as const,
        ([situation, line, environment]) => run(situation, line, environment),
      )),
    )
  })

  it('answers with its exit code', async () => {
    const gate = 'evaluate --slo clean-slo.yaml'
    const at = '--project shop --stage staging'
    situations.push(
      ...(await inTurns(
        [
          [
            'an unknown project',
            `trigger sequence delivery --project shopp --stage staging --service carts --wait`,
          ],
          ['an unknown service', `trigger sequence delivery ${at} --service cart --wait`],
          ['an unknown sequence', `trigger sequence delivry ${at} --service carts --wait`],
          [
            'nobody does it in time',
            `trigger sequence delivery ${at} --service carts --wait --timeout 1s`,
          ],
          ['it passes', `trigger sequence release ${at} --service orders --wait`],
          ['it ends without verdict', `trigger sequence gate ${at} --service orders --wait`],
          ['values that pass', `${gate} --values fast.json`],
          ['values in the warning band', `${gate} --values slower.json`],
          [
            'the same, where a warning is too much',
            `${gate} --values slower.json --fail-on warning`,
          ],
          ['values that fail', `${gate} --values slow.json`],
          ['no values', `${gate} --values nothing.json`],
          ['values that are not there', `${gate} --values nope.json`],
          ['objectives that are not YAML', 'evaluate --slo broken.yaml --values fast.json'],
          ['neither values nor queries', gate],
          [
            'a provider that is down',
            `${gate} --sli sli.yaml --provider prometheus --url ${nowhere}`,
          ],
          [
            'a provider that is not built in',
            `${gate} --sli sli.yaml --provider graphana --url ${nowhere}`,
          ],
        ] as const,
        ([situation, line]) => run(situation, line),
      )),
    )
  })

  it('reads as the golden file says', () => {
    const stable = situations.map((one) => ({
      ...one,
      situation: one.situation.replaceAll(nowhere, '<url>'),
      // Of a whole report the first lines are enough here; the reports have golden files of their own.
      sentence: one.sentence.split('\n').slice(0, MAX_LINES).join('\n'),
    }))
    assertGolden('Command line', stable, [
      [installation.folder, '<folder>'],
      [/\(commit [0-9a-f]{8}\)/g, '(commit <commit>)'],
    ])
  })
})

const MAX_LINES = 2
