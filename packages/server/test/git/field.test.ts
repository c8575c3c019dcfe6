import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { FieldAddress } from '@tiphys/contract/desired-field.ts'
import { getField, setField } from '../../src/desired-state/field.ts'

function helm(path: string): FieldAddress {
  return { kind: 'helm-value', path }
}

function yamlPath(path: string, document?: { index: number } | { kind: string; name?: string }) {
  return { kind: 'yaml-path', path, ...(document === undefined ? {} : { document }) } as const
}

function image(name: string, part: 'reference' | 'tag' = 'reference'): FieldAddress {
  return { kind: 'kustomize-image', image: name, part }
}

/** The new text, or the sentence that says why there is none. */
function set(text: string, address: FieldAddress, value: string | null): string {
  const result = setField(text, address, value)
  return result.code === 'text' ? result.text : result.message
}

function get(text: string, address: FieldAddress): string | null {
  const result = getField(text, address)
  return result.code === 'value' ? result.value : result.message
}

const VALUES = `# Values of carts
image:
  repository: "ghcr.io/acme/carts"   # where it comes from
  tag: 1.9 # set by delivery
  pullPolicy: 'Always'

replicaCount: 2
env: {LOG: info, tag: 'x'}
list:
  - name: one
    tag: a
  - {name: two, tag: b}
"dotted.key":
  on: off
empty:
nothing: ~
`

test('only the bytes of a value change', () => {
  const cases: [string, string, string, string][] = [
    ['image.repository', 'ghcr.io/acme/carts2', '"ghcr.io/acme/carts"', '"ghcr.io/acme/carts2"'],
    ['image.tag', 'v2', 'tag: 1.9 #', 'tag: v2 #'],
    ['image.pullPolicy', "it's", "'Always'", "'it''s'"],
    ['replicaCount', '3', 'replicaCount: 2', 'replicaCount: 3'],
    ['env.LOG', 'debug', 'LOG: info', 'LOG: debug'],
    ['env.LOG', 'a:b', 'LOG: info', 'LOG: "a:b"'],
    ['list[0].tag', 'c', 'tag: a', 'tag: c'],
    ['list[name=two].tag', 'c', 'tag: b', 'tag: c'],
    ['["dotted.key"].on', 'x', 'on: off', 'on: x'],
    ['empty', 'full', 'empty:\n', 'empty: full\n'],
    ['nothing', 'some', 'nothing: ~', 'nothing: some'],
  ]
  for (const [path, value, before, after] of cases) {
    assert.ok(VALUES.includes(before), before)
    assert.equal(set(VALUES, helm(path), value), VALUES.replace(before, after))
    const windows = VALUES.replaceAll('\n', '\r\n')
    const expected = VALUES.replace(before, after).replaceAll('\n', '\r\n')
    assert.equal(set(windows, helm(path), value), expected)
  }
})

test('what another reader takes for a number, a date or a truth gets quotes', () => {
  const text = 'tag: v1\n'
  for (const value of [
    '1.10',
    '12e45',
    '1234567',
    '0x1F',
    '2024-01-01',
    'on',
    'NO',
    'null',
    '~',
    '1_000',
    '0777',
    '1:30',
    '',
    'true',
  ]) {
    assert.equal(set(text, helm('tag'), value), `tag: ${JSON.stringify(value)}\n`)
  }
  for (const value of ['1.2.3', 'v1', 'a:b', 'ghcr.io/acme/carts:1.4', '1.4-rc.1']) {
    assert.equal(set(text, helm('tag'), value), `tag: ${value}\n`)
  }
  assert.equal(set('tag: 1.9\n', helm('tag'), '1.10'), 'tag: "1.10"\n')
  assert.equal(get('tag: 1.10\n', helm('tag')), '1.10')
})

test('a Helm value whose last key is missing is added beside its siblings', () => {
  assert.equal(
    set(VALUES, helm('image.digest'), 'x'),
    VALUES.replace("  pullPolicy: 'Always'\n", "  pullPolicy: 'Always'\n  digest: x\n"),
  )
  assert.equal(set(VALUES, helm('env.NEW'), 'x'), VALUES.replace("tag: 'x'}", "tag: 'x', NEW: x}"))
  assert.equal(set('a: {}\n', helm('a.b'), 'x'), 'a: {b: x}\n')
  assert.equal(set('a: 1', helm('b'), 'x'), 'a: 1\nb: x')
  assert.equal(set('a: |+\n  text\n\n', helm('b'), 'x'), 'a: |+\n  text\n\nb: x\n')
  assert.equal(set('{"a": 1}\n', helm('b'), 'x'), '{"a": 1, "b": x}\n')
})

test('and taking it back leaves the file as it was', () => {
  const places = ['image.digest', 'env.NEW', 'top', 'list[0].more', 'list[1].more']
  for (const text of [VALUES, VALUES.trimEnd(), VALUES.replaceAll('\n', '\r\n')]) {
    for (const path of places) {
      const added = set(text, helm(path), '1.4')
      assert.equal(get(added, helm(path)), '1.4')
      assert.equal(set(added, helm(path), null), text, path)
    }
  }
})

test('a typing mistake in a path is no silent new key', () => {
  assert.equal(set(VALUES, helm('imgae.tag'), 'x'), 'has no imgae.tag: imgae is not there')
  assert.equal(set(VALUES, helm('empty.tag'), 'x'), 'has no empty.tag: tag is not there')
  assert.equal(set(VALUES, yamlPath('image.tga'), 'x'), 'has no image.tga: tga is not there')
  assert.equal(get(VALUES, helm('imgae.tag')), null)
})

test('what cannot be changed exactly is refused with its place', () => {
  const text = `base: &base
  tag: v1
one: *base
two: &two v2
three: *two
block: |
  text
tagged: !vault secret
list: [a, b]
`
  const cases: [FieldAddress, string][] = [
    [helm('one.tag'), 'reaches one.tag through an alias, so a change would touch other places'],
    [helm('two'), 'has the anchor &two at two, so a change would touch other places'],
    [helm('block'), 'has a block of text at 6:8; only values on one line are edited'],
    [helm('tagged'), 'has a value with the tag !vault at 8:16, which is not edited'],
    [helm('base'), 'has a map at base, where one value is expected'],
    [helm('list'), 'has a list at list, where one value is expected'],
    [helm('two.x'), 'has a plain value where the key x is looked for'],
    [helm('base[0]'), 'has a map where [0] expects a list'],
  ]
  for (const [address, message] of cases) assert.equal(set(text, address, 'x'), message)
  assert.equal(set(text, helm('three'), 'x'), text.replace('three: *two', 'three: "x"'))
  assert.equal(set(text, helm('list[1]'), 'x:y'), text.replace('b]', '"x:y"]'))
  assert.equal(get(text, helm('one.tag')), 'v1')
  assert.equal(
    set('a: b\n', helm('a'), 'x\ny'),
    'keeps a: the new value is not one line of printable text',
  )
  assert.match(get('a: [\n', helm('a')) ?? '', /^is not valid YAML at /)
  assert.match(get('a: 1\na: 2\n', helm('a')) ?? '', /is not valid YAML at 2:1/)
})

test('an image whose tag is used elsewhere in the file is refused', () => {
  const text = 'images:\n  - name: carts\n    newTag: &tag v1\nlabels: { version: *tag }\n'
  const image = { kind: 'kustomize-image', image: 'carts', part: 'tag' } as const
  const message = 'has the anchor &tag at newTag, so a change would touch other places'
  assert.equal(set(text, image, 'v2'), message)
  assert.equal(set(text, image, 'v1'), text)
})

const MANIFESTS = `---
apiVersion: v1
kind: Service
metadata: {name: carts}
---
# the workload
apiVersion: apps/v1
kind: Deployment
metadata:
  name: carts
spec:
  template:
    spec:
      containers:
        - image: "ghcr.io/acme/proxy:1"
          name: proxy
        - name: carts
          image: ghcr.io/acme/carts:1.4 # the one
`

test('one document of several, by kind, name or number', () => {
  const path = 'spec.template.spec.containers[name=carts].image'
  const expected = MANIFESTS.replace('carts:1.4', 'carts:1.5')
  for (const document of [
    { kind: 'Deployment' },
    { kind: 'Deployment', name: 'carts' },
    { index: 1 },
  ]) {
    assert.equal(set(MANIFESTS, yamlPath(path, document), 'ghcr.io/acme/carts:1.5'), expected)
  }
  assert.equal(get(MANIFESTS, yamlPath(path)), 'has 2 documents; say which one with document')
  assert.equal(get(MANIFESTS, yamlPath(path, { kind: 'StatefulSet' })), 'has no StatefulSet')
  assert.equal(get(MANIFESTS, yamlPath(path, { index: 2 })), 'has no document 2')
})

test('the target revision of an Application', () => {
  const text = 'kind: Application\nspec:\n  source:\n    targetRevision: "v1.0" # here\n'
  assert.equal(
    set(text, yamlPath('spec.source.targetRevision'), 'v1.1'),
    text.replace('v1.0', 'v1.1'),
  )
})

const KUSTOMIZATION = `resources:
  - ../../base
images:
  # what delivery sets
  - name: ghcr.io/acme/carts
    newTag: 1.4.0 # by hand
  - name: proxy
    newName: mirror.example.com/proxy
    digest: sha256:${'ab'.repeat(32)}
namespace: staging
`

test('Kustomize images: read as references', () => {
  assert.equal(get(KUSTOMIZATION, image('ghcr.io/acme/carts')), 'ghcr.io/acme/carts:1.4.0')
  assert.equal(get(KUSTOMIZATION, image('ghcr.io/acme/carts', 'tag')), '1.4.0')
  assert.equal(
    get(KUSTOMIZATION, image('proxy')),
    `mirror.example.com/proxy@sha256:${'ab'.repeat(32)}`,
  )
  assert.equal(get(KUSTOMIZATION, image('other')), null)
})

test('Kustomize images: only what differs is written', () => {
  const carts = image('ghcr.io/acme/carts')
  assert.equal(
    set(KUSTOMIZATION, carts, 'ghcr.io/acme/carts:1.5.0'),
    KUSTOMIZATION.replace('1.4.0', '1.5.0'),
  )
  assert.equal(
    set(KUSTOMIZATION, carts, 'ghcr.io/acme/carts:1.10'),
    KUSTOMIZATION.replace('1.4.0', '"1.10"'),
  )
  assert.equal(
    set(KUSTOMIZATION, carts, 'mirror.example.com/carts:1.4.0'),
    KUSTOMIZATION.replace('# by hand\n', '# by hand\n    newName: mirror.example.com/carts\n'),
  )
  assert.equal(
    set(KUSTOMIZATION, image('proxy'), 'mirror.example.com/proxy:2'),
    KUSTOMIZATION.replace(/digest: sha256:\w+/, 'newTag: "2"'),
  )
  assert.equal(
    set(KUSTOMIZATION, image('ghcr.io/acme/carts', 'tag'), '1.6.0'),
    KUSTOMIZATION.replace('1.4.0', '1.6.0'),
  )
  assert.equal(
    set(KUSTOMIZATION, image('proxy', 'tag'), '2'),
    'pins the image proxy by digest, so a new tag would change nothing',
  )
})

test('Kustomize images: a missing entry is added in the style of the file, and taken back', () => {
  const indented = `  - name: new\n    newTag: "1"\n`
  const plain = `- name: new\n  newTag: "1"\n`
  const cases: [string, string][] = [
    [KUSTOMIZATION, KUSTOMIZATION.replace('namespace:', `${indented}namespace:`)],
    ['resources:\n- a.yaml\n', `resources:\n- a.yaml\nimages:\n${plain}`],
    ['resources:\n  - a.yaml\n', `resources:\n  - a.yaml\nimages:\n${indented}`],
    ['namespace: x', 'namespace: x\nimages:\n- name: new\n  newTag: "1"'],
    ['# nothing yet\n', `# nothing yet\nimages:\n${plain}`],
    ['images: [{name: a}]\n', 'images: [{name: a}, {name: "new", newTag: "1"}]\n'],
    ['images: []\n', 'images: [{name: "new", newTag: "1"}]\n'],
  ]
  for (const [before, after] of cases) {
    assert.equal(set(before, image('new'), 'new:1'), after)
    assert.equal(set(after, image('new'), null), before)
  }
  assert.equal(set('images:\nx: 1\n', image('new'), 'new:1'), `images:\n${plain}x: 1\n`)
})

test('Kustomize images: what is odd is said', () => {
  assert.equal(get('- a\n', image('a')), 'is no kustomization: a map is expected')
  assert.equal(get('images: a\n', image('a')), 'has something else than a list under images')
  assert.equal(
    get('images: [{name: a}, {name: a}]\n', image('a')),
    'has two entries for the image a',
  )
  assert.equal(
    set('images: []\n', image('a'), 'not an image'),
    'takes an image reference, not "not an image"',
  )
})
