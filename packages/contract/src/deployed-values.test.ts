import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { ResolvedField } from './argocd-mapping.ts'
import { deployedValues } from './deployed-values.ts'
import type { JsonObject } from './json.ts'

const KUSTOMIZE: ResolvedField = {
  file: 'kustomization.yaml',
  field: { kind: 'kustomize-image', image: 'ghcr.io/acme/carts', part: 'reference' },
  value: 'image',
}
const TAG: ResolvedField = {
  file: 'values.yaml',
  field: { kind: 'helm-value', path: 'image.tag' },
  value: 'image.tag',
}
const REPLICAS: ResolvedField = {
  file: 'values.yaml',
  field: { kind: 'helm-value', path: 'replicaCount' },
  value: 'replicas',
}

function dataWith(values: JsonObject): JsonObject {
  return { project: 'shop', configurationChange: { values } }
}

function texts(fields: readonly ResolvedField[], values: JsonObject): string[] | string {
  const result = deployedValues(fields, dataWith(values))
  return result.code === 'values' ? result.edits.map((edit) => edit.value) : result.message
}

test("Keptn's image becomes the reference and the tag", () => {
  const values = { image: 'ghcr.io/acme/carts:1.4' }
  assert.deepEqual(texts([KUSTOMIZE, TAG], values), ['ghcr.io/acme/carts:1.4', '1.4'])
})

test('a tag of its own wins, flat or nested', () => {
  assert.deepEqual(texts([TAG], { image: 'carts:1.4', 'image.tag': '1.5' }), ['1.5'])
  assert.deepEqual(texts([TAG], { image: { tag: '1.6' } }), ['1.6'])
})

test('numbers and booleans are values too', () => {
  assert.deepEqual(texts([REPLICAS], { replicas: 3 }), ['3'])
})

test('what is not supplied stays as it is, and is named', () => {
  const result = deployedValues([KUSTOMIZE, REPLICAS], dataWith({ replicas: 2 }))
  assert.ok(result.code === 'values')
  assert.deepEqual(result.missing, ['image'])
  assert.equal(result.edits.length, 1)
  assert.deepEqual(deployedValues([KUSTOMIZE], { project: 'shop' }), {
    code: 'values',
    edits: [],
    missing: ['image'],
  })
})

test('what is no image, no tag or no plain value is refused in one sentence', () => {
  const cases: [readonly ResolvedField[], JsonObject, string][] = [
    [
      [KUSTOMIZE],
      { image: 'carts:1.4\nevil: true' },
      'configurationChange.values.image "carts:1.4\\nevil: true" is not a plain value: letters, digits and . _ : / @ + = , - are taken',
    ],
    [
      [KUSTOMIZE],
      { image: 'Carts' },
      'configurationChange.values.image "Carts" is not an image reference like ghcr.io/acme/carts:1.4 (image ghcr.io/acme/carts in kustomization.yaml)',
    ],
    [
      [KUSTOMIZE],
      { image: 'carts' },
      'configurationChange.values.image "carts" has neither tag nor digest, so it names no version to deploy (image ghcr.io/acme/carts in kustomization.yaml)',
    ],
    [
      [TAG],
      { image: `carts@sha256:${'0'.repeat(64)}` },
      `configurationChange.values.image ${JSON.stringify(`carts@sha256:${'0'.repeat(47)}…`)} has no tag, and argocd.yaml writes image.tag`,
    ],
    [
      [TAG],
      { 'image.tag': 'a/b' },
      'configurationChange.values.image.tag "a/b" is not an image tag (image.tag in values.yaml)',
    ],
    [
      [REPLICAS],
      { replicas: [1] },
      'configurationChange.values.replicas is a list; one value is expected',
    ],
    [
      [REPLICAS],
      { replicas: { min: 1 } },
      'configurationChange.values.replicas is an object; one value is expected',
    ],
    [
      [REPLICAS],
      { replicas: '{{ .Values.x }}' },
      'configurationChange.values.replicas "{{ .Values.x }}" is not a plain value: letters, digits and . _ : / @ + = , - are taken',
    ],
  ]
  for (const [fields, values, message] of cases) assert.equal(texts(fields, values), message)
})

test('an event cannot say where a value goes', () => {
  const data = dataWith({
    image: 'carts:1.4',
    file: 'other.yaml',
    kustomizeImage: 'other',
    constructor: 'x',
  })
  const result = deployedValues([KUSTOMIZE, { ...REPLICAS, value: 'toString' }], data)
  assert.deepEqual(result, {
    code: 'values',
    edits: [{ file: KUSTOMIZE.file, field: KUSTOMIZE.field, value: 'carts:1.4' }],
    missing: ['toString'],
  })
})
