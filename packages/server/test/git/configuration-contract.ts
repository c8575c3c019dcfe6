import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Configuration, Pin, Place } from '../../src/ports/configuration.ts'

const PROJECT = { level: 'project' } as const satisfies Place
const DEV = { level: 'stage', stage: 'dev' } as const satisfies Place
const CARTS = { level: 'service', stage: 'dev', service: 'carts' } as const satisfies Place
const CREATED = { name: 'shop', createdMs: 1_700_000_000_000 }
const SHIPYARD = { 'shipyard.yaml': bytes('apiVersion: spec.keptn.sh/0.2.3\n') }

/** What must hold for every configuration store. The factory hands out a fresh one per test. */
export function configurationContract(
  name: string,
  factory: () => Promise<AsyncDisposable & { readonly configuration: Configuration }>,
): void {
  for (const [what, body] of CHECKS) {
    test(`${name}: ${what}`, async () => {
      await using opened = await factory()
      await body(opened.configuration)
    })
  }
}

type Check = readonly [what: string, body: (configuration: Configuration) => Promise<void>]

const CHECKS: readonly Check[] = [
  [
    'a project is created once',
    async (configuration) => {
      const created = await configuration.createProject('p1', SHIPYARD, CREATED)
      assert.ok(created.code === 'created')
      assert.deepEqual(await configuration.head('p1'), { main: created.commitId })
      assert.deepEqual(await configuration.createProject('p1', {}, CREATED), { code: 'exists' })
      const pin = await configuration.head('p1')
      assert.equal(
        await textAt(configuration, PROJECT, 'shipyard.yaml', pin),
        text(SHIPYARD['shipyard.yaml']),
      )
      assert.equal(
        await textAt(configuration, PROJECT, 'metadata.yaml', pin),
        'projectName: shop\ncreationTimestamp: 2023-11-14T22:13:20.000Z\nisUsingDirectoryStructure: true\n',
      )
    },
  ],

  [
    'what is written at a place is read and listed there, and nowhere else',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      await write(configuration, PROJECT, { 'slo.yaml': 'project' })
      await write(configuration, DEV, { 'slo.yaml': 'stage', 'prometheus/sli.yaml': 'sli' })
      await write(configuration, CARTS, { 'slo.yaml': 'service', 'jmeter/load test.jmx': 'x' })
      const pin = await configuration.head('p1')
      assert.equal(await textAt(configuration, PROJECT, 'slo.yaml', pin), 'project')
      assert.equal(await textAt(configuration, DEV, 'slo.yaml', pin), 'stage')
      assert.equal(await textAt(configuration, CARTS, 'slo.yaml', pin), 'service')
      assert.equal(
        await textAt(configuration, { ...CARTS, service: 'orders' }, 'slo.yaml', pin),
        undefined,
      )
      const listed = await configuration.list('p1', pin)
      const names = listed.map(({ place, uri }) => [place.level, uri].join(' ')).sort()
      assert.deepEqual(names, [
        'project metadata.yaml',
        'project shipyard.yaml',
        'project slo.yaml',
        'service jmeter/load test.jmx',
        'service metadata.yaml',
        'service slo.yaml',
        'stage prometheus/sli.yaml',
        'stage slo.yaml',
      ])
    },
  ],

  [
    'bytes survive',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      const content = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256)
      const files = {
        'a.bin': content,
        'empty.txt': new Uint8Array(),
        'crlf.txt': bytes('a\r\nb\n'),
      }
      await configuration.write('p1', { place: CARTS, files, message: 'Updated resource' })
      const pin = await configuration.head('p1')
      for (const [uri, expected] of Object.entries(files)) {
        const read = await configuration.read('p1', CARTS, uri, pin)
        assert.ok(read !== undefined && Buffer.from(read).equals(expected), uri)
      }
    },
  ],

  [
    'a pin keeps what was there, whatever is written later',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      const first = await write(configuration, CARTS, { 'slo.yaml': 'one' })
      const second = await write(configuration, CARTS, { 'slo.yaml': 'two', 'other.yaml': 'x' })
      assert.equal(await textAt(configuration, CARTS, 'slo.yaml', first), 'one')
      assert.equal(await textAt(configuration, CARTS, 'other.yaml', first), undefined)
      assert.equal(await textAt(configuration, CARTS, 'slo.yaml', second), 'two')
      assert.equal(
        (await configuration.list('p1', second)).length -
          (await configuration.list('p1', first)).length,
        1,
      )
    },
  ],

  [
    'a commit id becomes its pin, an unknown one nothing',
    async (configuration) => {
      const created = await configuration.createProject('p1', SHIPYARD, CREATED)
      assert.ok(created.code === 'created')
      await write(configuration, PROJECT, { 'a.yaml': 'a' })
      assert.deepEqual(await configuration.pinOf('p1', created.commitId), {
        main: created.commitId,
      })
      for (const odd of [
        '0'.repeat(40),
        'main',
        '',
        'HEAD',
        '-x',
        `${created.commitId}:shipyard.yaml`,
      ]) {
        assert.equal(await configuration.pinOf('p1', odd), undefined, odd)
      }
    },
  ],

  [
    'nothing to change is no commit',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      const first = await write(configuration, CARTS, { 'slo.yaml': 'one' })
      assert.deepEqual(await write(configuration, CARTS, { 'slo.yaml': 'one' }), first)
      assert.deepEqual(await write(configuration, CARTS, {}), first)
      assert.deepEqual(await configuration.head('p1'), first)
    },
  ],

  [
    'deleting',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      await write(configuration, CARTS, { 'a.yaml': 'a', 'b.yaml': 'b' })
      const pin = await write(configuration, CARTS, { 'a.yaml': undefined, 'c.yaml': 'c' })
      assert.equal(await textAt(configuration, CARTS, 'a.yaml', pin), undefined)
      assert.equal(await textAt(configuration, CARTS, 'b.yaml', pin), 'b')
      assert.equal(await textAt(configuration, CARTS, 'c.yaml', pin), 'c')
      const missing = {
        place: CARTS,
        files: { 'a.yaml': undefined, 'b.yaml': bytes('new') },
        message: 'm',
      }
      assert.deepEqual(await configuration.write('p1', missing), {
        code: 'not-found',
        message: 'Resource not found',
      })
      assert.deepEqual(await configuration.head('p1'), pin)
    },
  ],

  [
    'a service is removed with all it has',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      await write(configuration, CARTS, { 'a.yaml': 'a', 'x/b.yaml': 'b' })
      const kept = await write(configuration, { ...CARTS, service: 'carts2' }, { 'a.yaml': 'a' })
      const removed = await configuration.removePlaces('p1', [CARTS], {
        message: 'Removed service: carts',
      })
      assert.ok(removed.code === 'written' && removed.pin['main'] !== kept['main'])
      const services = (await configuration.list('p1', removed.pin)).filter(
        ({ place }) => place.level === 'service',
      )
      assert.deepEqual(
        new Set(services.map(({ place }) => (place.level === 'service' ? place.service : ''))),
        new Set(['carts2']),
      )
      assert.deepEqual(
        await configuration.removePlaces('p1', [CARTS], { message: 'again' }),
        removed,
      )
    },
  ],

  [
    'a deleted project can be created anew',
    async (configuration) => {
      await configuration.deleteProject('p1')
      await configuration.createProject('p1', SHIPYARD, CREATED)
      await write(configuration, CARTS, { 'a.yaml': 'a' })
      await configuration.deleteProject('p1')
      await assert.rejects(configuration.head('p1'))
      const refused = await configuration.write('p1', { place: CARTS, files: {}, message: 'm' })
      assert.deepEqual(refused, { code: 'not-found', message: 'Project not found' })
      assert.equal((await configuration.createProject('p1', SHIPYARD, CREATED)).code, 'created')
      assert.equal(
        await textAt(configuration, CARTS, 'a.yaml', await configuration.head('p1')),
        undefined,
      )
    },
  ],

  [
    'names that are no names of files are refused and change nothing',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      const before = await configuration.head('p1')
      const cases: [Place, string, string][] = [
        [CARTS, '../x', 'resourceURI "../x" has the part .. in it'],
        [CARTS, 'a/../x', 'resourceURI "a/../x" has the part .. in it'],
        [CARTS, '~root/x', 'resourceURI "~root/x" has a ~ in it'],
        [
          CARTS,
          '/etc/passwd',
          'resourceURI "/etc/passwd" is absolute; write it relative to the repository',
        ],
        [
          CARTS,
          '.git/config',
          'resourceURI ".git/config" has the part .git in it, which belongs to Git',
        ],
        [CARTS, 'a/.GIT/x', 'resourceURI "a/.GIT/x" has the part .GIT in it, which belongs to Git'],
        [CARTS, 'a\\b', 'resourceURI "a\\\\b" has a backslash in it; parts are joined by /'],
        [CARTS, 'a\nb', 'resourceURI "a\\nb" has a control character in it'],
        [CARTS, 'a\0b', 'resourceURI "a\\u0000b" has a control character in it'],
        [CARTS, 'a//b', 'resourceURI "a//b" has an empty part (// or a / at the end)'],
        [CARTS, 'a/', 'resourceURI "a/" has an empty part (// or a / at the end)'],
        [CARTS, '', 'resourceURI "" is empty'],
        [
          CARTS,
          'x'.repeat(300),
          `resourceURI "${'x'.repeat(80)}…" has a part longer than 255 characters`,
        ],
        [CARTS, 'metadata.yaml', 'resourceURI "metadata.yaml" is written by the server itself'],
        [PROJECT, 'metadata.yaml', 'resourceURI "metadata.yaml" is written by the server itself'],
        [
          PROJECT,
          '.keptn-stages/dev/x',
          'resourceURI ".keptn-stages/dev/x" is where the resources of stages are; name the stage instead',
        ],
        [{ level: 'stage', stage: '..' }, 'x', 'the name ".." has the part .. in it'],
        [{ level: 'service', stage: 'dev', service: 'a/b' }, 'x', 'the name "a/b" has a / in it'],
      ]
      for (const [place, uri, message] of cases) {
        const answer = await configuration.write('p1', {
          place,
          files: { [uri]: bytes('x') },
          message: 'm',
        })
        assert.deepEqual(answer, { code: 'invalid-uri', message })
        assert.equal(
          uri === 'metadata.yaml' ? undefined : await configuration.read('p1', place, uri, before),
          undefined,
        )
      }
      assert.deepEqual(await configuration.head('p1'), before)
    },
  ],

  [
    'resources that cannot stand side by side are refused',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      await write(configuration, DEV, { 'prometheus/sli.yaml': 'x' })
      await write(configuration, CARTS, { 'a/b.yaml': 'x', c: 'x' })
      const refused = async (place: Place, ...uris: string[]) => {
        const files = Object.fromEntries(uris.map((uri) => [uri, bytes('y')]))
        const answer = await configuration.write('p1', { place, files, message: 'm' })
        return answer.code === 'invalid-uri' ? answer.message : answer.code
      }
      assert.equal(
        await refused(CARTS, 'a'),
        'resourceURI "a" is a folder here: a/b.yaml lies in it',
      )
      assert.equal(
        await refused(CARTS, 'c/d'),
        'resourceURI "c/d" would lie below c, which is a resource itself',
      )
      assert.equal(
        await refused(CARTS, 'e', 'e/f'),
        'resourceURI "e" is a folder here: e/f lies in it',
      )
      assert.equal(
        await refused(DEV, 'carts/slo.yaml'),
        'resourceURI "carts/slo.yaml" would lie in the folder of service carts; write it to the service',
      )
      assert.equal(
        await refused({ level: 'service', stage: 'dev', service: 'prometheus' }, 'slo.yaml'),
        'stage dev has a resource prometheus/sli.yaml, so a service called prometheus can have no resources there',
      )
    },
  ],

  [
    'names with odd but allowed characters',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      const uris = [
        'a b.txt',
        '"quoted".txt',
        'ünï/cödé.yaml',
        '-dash',
        'a:b',
        "it's",
        '.hidden',
        'x.git/y',
      ]
      await write(configuration, CARTS, Object.fromEntries(uris.map((uri) => [uri, uri])))
      const pin = await configuration.head('p1')
      for (const uri of uris) assert.equal(await textAt(configuration, CARTS, uri, pin), uri)
      const listed = (await configuration.list('p1', pin)).filter(
        ({ place }) => place.level === 'service',
      )
      assert.deepEqual(new Set(listed.map(({ uri }) => uri)), new Set([...uris, 'metadata.yaml']))
    },
  ],

  [
    'writers at the same time come one after the other, and none is lost',
    async (configuration) => {
      await configuration.createProject('p1', SHIPYARD, CREATED)
      const uris = Array.from({ length: 12 }, (_, index) => `f${index}`)
      const pins = await Promise.all(uris.map((uri) => write(configuration, CARTS, { [uri]: uri })))
      assert.equal(new Set(pins.map((pin) => pin['main'])).size, uris.length)
      const pin = await configuration.head('p1')
      for (const uri of uris) assert.equal(await textAt(configuration, CARTS, uri, pin), uri)
    },
  ],
]

async function write(
  configuration: Configuration,
  place: Place,
  files: Readonly<Record<string, string | undefined>>,
): Promise<Pin> {
  const contents = Object.entries(files).map(([uri, content]) => [
    uri,
    content === undefined ? undefined : bytes(content),
  ])
  const change = { place, files: Object.fromEntries(contents), message: 'Updated resource' }
  const written = await configuration.write('p1', change)
  assert.ok(written.code === 'written', JSON.stringify(written))
  return written.pin
}

async function textAt(
  configuration: Configuration,
  place: Place,
  uri: string,
  pin: Pin,
): Promise<string | undefined> {
  const content = await configuration.read('p1', place, uri, pin)
  return content === undefined ? undefined : text(content)
}

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content)
}

function text(content: Uint8Array | undefined): string {
  return new TextDecoder().decode(content)
}
