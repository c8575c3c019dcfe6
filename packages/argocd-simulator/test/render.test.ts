import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { ApplicationSource } from '../src/application/application.ts'
import { imagesOf, parseImage } from '../src/render/image.ts'
import { parseImageOverride } from '../src/render/kustomize.ts'
import { RenderError } from '../src/render/manifest.ts'
import { renderSource } from '../src/render/render.ts'
import type { SourceTree } from '../src/render/source-tree.ts'
import { deployment } from './support/git-repository.ts'

function treeOf(files: Record<string, string>): SourceTree {
  return {
    commit: 'c0ffee',
    list: async (folder) =>
      Object.keys(files).filter(
        (path) => folder === '' || path === folder || path.startsWith(`${folder}/`),
      ),
    read(path) {
      const text = files[path]
      const problem = new RenderError(`${path}: no such file in revision c0ffee`)
      return text === undefined ? Promise.reject(problem) : Promise.resolve(text)
    },
  }
}

async function render(files: Record<string, string>, source: Partial<ApplicationSource> = {}) {
  const references = new Map([['$values', treeOf({ 'env/prod.yaml': 'image: { tag: 3.0.0 }\n' })]])
  const release = { name: 'carts', namespace: 'shop' }
  return await renderSource(
    treeOf(files),
    { repoURL: 'x', path: 'app', ...source },
    release,
    references,
  )
}

async function images(files: Record<string, string>, source: Partial<ApplicationSource> = {}) {
  return imagesOf((await render(files, source)).manifests)
}

test('an image reference is taken apart at its last colon and its at sign', () => {
  assert.deepEqual(parseImage('host:5000/a/b:1.2@sha256:ff'), {
    name: 'host:5000/a/b',
    tag: '1.2',
    digest: 'sha256:ff',
  })
  assert.deepEqual(parseImage('host:5000/a'), { name: 'host:5000/a' })
  assert.deepEqual(parseImageOverride('a=b:2'), { name: 'a', newName: 'b', newTag: '2' })
  assert.deepEqual(parseImageOverride('host:5000/a:2'), { name: 'host:5000/a', newTag: '2' })
})

test('a kustomization changes images, names and namespace, also of a base it includes', async () => {
  const files = {
    'base/kustomization.yaml': 'resources: [d.yaml]\nimages: [{ name: sample, newTag: "1.0.0" }]\n',
    'base/d.yaml': deployment('sample:base'),
    'app/kustomization.yaml':
      'resources: [../base]\nnamePrefix: prod-\nnamespace: prod\nreplicas: [{ name: carts, count: 0 }]\nimages: [{ name: sample, newName: registry/sample, newTag: "2.0.0" }]\n',
  }
  const { manifests, sourceType } = await render(files)
  assert.equal(sourceType, 'Kustomize')
  assert.deepEqual(imagesOf(manifests), ['registry/sample:2.0.0'])
  assert.equal(manifests[0]?.metadata.name, 'prod-carts')
  assert.equal(manifests[0]?.metadata.namespace, 'prod')
  assert.match(JSON.stringify(manifests[0]?.['spec']), /"replicas":0/)
  assert.deepEqual(await images(files, { kustomize: { images: ['registry/sample=other:3'] } }), [
    'other:3',
  ])
})

test('what is not simulated, or broken, is a named error and never ignored', async () => {
  const cases: [
    files: Record<string, string>,
    source: Partial<ApplicationSource>,
    message: RegExp,
  ][] = [
    [
      { 'app/kustomization.yaml': 'patches: []\n' },
      {},
      /app\/kustomization\.yaml: not simulated.*patches/,
    ],
    [{ 'app/kustomization.yaml': 'resources: [../..]\n' }, {}, /outside of the repository/],
    [{ 'app/kustomization.yaml': 'resources: [../app]\n' }, {}, /includes itself/],
    [{ 'app/kustomization.yaml': 'resources: ["https://x/y"]\n' }, {}, /remote resource/],
    [{ 'app/d.yaml': 'a: [' }, {}, /^app\/d\.yaml: .* line 1, column/],
    [{ 'app/d.yaml': 'kind: X\n' }, {}, /not a Kubernetes object \(apiVersion/],
    [{ 'other/d.yaml': '' }, {}, /^app: app path does not exist$/],
    [{ 'other/d.yaml': '' }, { path: '../x' }, /outside/],
    [{ 'app/Chart.yaml': 'name: c\n' }, {}, /image\.repository is missing/],
    [
      { 'app/Chart.yaml': 'name: c\n' },
      { helm: { valueFiles: ['none.yaml'] } },
      /none\.yaml: no such file/,
    ],
    [
      { 'app/Chart.yaml': 'name: c\n' },
      { helm: { valueFiles: ['$no/x.yaml'] } },
      /no source has a 'ref'/,
    ],
    [
      { 'app/Chart.yaml': 'n: c\n', 'app/templates/a.yaml': '{{ range .Values.x }}' },
      {},
      /not simulated/,
    ],
    [{ 'app/d.yaml': '' }, { chart: 'redis' }, /charts from a Helm repository/],
  ]
  for (const [files, source, message] of cases) {
    await assert.rejects(render(files, source), (error: Error) => {
      assert.ok(error instanceof RenderError)
      assert.match(error.message, message)
      return true
    })
  }
})

test('helm values come from the chart, files, the application and parameters, in this order', async () => {
  const chart = {
    'app/Chart.yaml': 'name: carts\nversion: 1.0.0\nappVersion: 1.0.0\n',
    'app/values.yaml': 'image: { repository: sample }\n',
    'app/prod.yaml': 'image: { tag: 2.0.0 }\n',
  }
  assert.deepEqual(await images(chart), ['sample:1.0.0'])
  assert.deepEqual(await images(chart, { helm: { valueFiles: ['prod.yaml'] } }), ['sample:2.0.0'])
  assert.deepEqual(await images(chart, { helm: { valueFiles: ['$values/env/prod.yaml'] } }), [
    'sample:3.0.0',
  ])
  const all = {
    valueFiles: ['prod.yaml', 'missing.yaml'],
    ignoreMissingValueFiles: true,
    values: 'image: { tag: 4.0.0 }',
    parameters: [{ name: 'image.tag', value: '5.0.0' }],
  }
  assert.deepEqual(await images(chart, { helm: all }), ['sample:5.0.0'])
  const { parameters: _parameters, ...withoutParameters } = all
  assert.deepEqual(await images(chart, { helm: withoutParameters }), ['sample:4.0.0'])
  const object = { ...withoutParameters, valuesObject: { image: { tag: '6.0.0' } } }
  assert.deepEqual(await images(chart, { helm: object }), ['sample:6.0.0'])
})

test('templates get plain substitution', async () => {
  const files = {
    'app/Chart.yaml': 'name: carts\nappVersion: 1.0.0\n',
    'app/values.yaml': 'image: { repository: sample, tag: "" }\n',
    'app/templates/d.yaml': deployment(
      '{{ .Values.image.repository }}:{{ .Values.image.tag | default "9.9" }}',
      { name: '{{ .Release.Name }}-x' },
    ),
    'app/templates/c.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, namespace: own }\ndata: { v: {{ .Chart.AppVersion | quote }} }\n',
  }
  const { manifests } = await render(files)
  assert.deepEqual(imagesOf(manifests), ['sample:9.9'])
  assert.deepEqual(
    manifests.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    ['own/c', 'shop/carts-x'],
  )
  assert.deepEqual(manifests[0]?.['data'], { v: '1.0.0' })
})

test('a plain folder is all its files, deeper ones only when asked for', async () => {
  const files = {
    'app/a.yaml': `${deployment('sample:1', { name: 'a' })}---\n${deployment('sample:2', { name: 'b' })}`,
    'app/deep/c.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }],
    }),
    'app/README.md': 'not a manifest',
  }
  assert.equal((await render(files)).manifests.length, 2)
  const recursive = await render(files, { directory: { recurse: true } })
  assert.equal(recursive.manifests.length, 3)
  assert.equal(recursive.sourceType, 'Directory')
})
