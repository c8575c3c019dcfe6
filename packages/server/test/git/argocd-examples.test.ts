import { strict as assert } from 'node:assert'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type ResolvedApplication,
  resolveApplications,
  selectApplication,
} from '@tiphys/contract/argocd-mapping.ts'
import { ArgocdYaml } from '@tiphys/contract/argocd-yaml.ts'
import { deployedValues } from '@tiphys/contract/deployed-values.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import { setField } from '../../src/desired-state/field.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const EXAMPLES = join(ROOT, 'examples', 'argocd')
const DATA = {
  configurationChange: {
    values: { image: 'ghcr.io/acme/carts:1.4.0', replicas: 3, revision: 'v1.4.0' },
  },
}

/** What each example changes: file, lines before, lines after. */
const CHANGES: Readonly<Record<string, readonly [file: string, before: string, after: string][]>> =
  {
    kustomize: [['apps/carts/staging/kustomization.yaml', 'newTag: 1.3.0 #', 'newTag: 1.4.0 #']],
    helm: [
      ['apps/carts/staging/values.yaml', '"1.3.0"', '"1.4.0"'],
      ['apps/carts/staging/values.yaml', 'replicaCount: 2', 'replicaCount: 3'],
    ],
    manifests: [['staging/shop.yaml', 'ghcr.io/acme/carts:1.3.0', 'ghcr.io/acme/carts:1.4.0']],
    'target-revision': [
      ['clusters/staging/carts.yaml', 'targetRevision: v1.3.0', 'targetRevision: v1.4.0'],
    ],
    'several-applications': [
      [
        'apps/carts/production/us/kustomization.yaml',
        '  - ../../base\n',
        '  - ../../base\nimages:\n  - name: carts\n    newName: ghcr.io/acme/carts\n    newTag: 1.4.0\n',
      ],
    ],
  }

test('every example says what it changes, and changes that', async () => {
  const folders = (await readdir(EXAMPLES, { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  )
  assert.deepEqual(folders.map(({ name }) => name).sort(), Object.keys(CHANGES).sort())
  for (const [name, changes] of Object.entries(CHANGES)) {
    const several = name === 'several-applications'
    const stage = several ? 'production' : 'staging'
    const text = await readFile(join(EXAMPLES, name, 'argocd.yaml'), 'utf8')
    const application = applicationIn(text, stage, several ? 'us' : undefined)
    const expected = new Map<string, string>()
    for (const [file, before, after] of changes) {
      const current =
        expected.get(file) ?? (await readFile(join(EXAMPLES, name, 'gitops', file), 'utf8'))
      assert.ok(current.includes(before), `${name}: ${before}`)
      expected.set(file, current.replace(before, after))
    }
    assert.deepEqual(await edited(name, application), expected)
  }
})

async function edited(
  name: string,
  application: ResolvedApplication,
): Promise<Map<string, string>> {
  const values = deployedValues(application.git?.fields ?? [], DATA)
  assert.ok(values.code === 'values', JSON.stringify(values))
  assert.deepEqual(values.missing, [])
  const files = new Map<string, string>()
  for (const { file, field, value } of values.edits) {
    const text = files.get(file) ?? (await readFile(join(EXAMPLES, name, 'gitops', file), 'utf8'))
    const changed = setField(text, field, value)
    assert.ok(changed.code === 'text', JSON.stringify(changed))
    files.set(file, changed.text)
  }
  return files
}

function applicationIn(
  text: string,
  stage: string,
  wanted: string | undefined,
): ResolvedApplication {
  const parsed = parseYaml(ArgocdYaml, text, 'argocd.yaml', { unknownKeys: 'error' })
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problems.map(formatProblem).join('\n'))
  const scope = { project: 'shop', stage, service: 'carts' }
  const resolved = resolveApplications(parsed.value, scope)
  assert.ok(resolved.code === 'resolved', JSON.stringify(resolved))
  const selected = selectApplication(resolved.applications, wanted)
  assert.ok(selected.code === 'selected', JSON.stringify(selected))
  return selected.application
}

test('the files in the documentation are valid', async () => {
  const text = await readFile(join(ROOT, 'docs', 'argocd-mapping.md'), 'utf8')
  const blocks = [...text.matchAll(/```yaml\n(# argocd\.yaml\n[^`]*)```/g)].map(
    ([, block = '']) => block,
  )
  assert.equal(blocks.length, 1)
  for (const block of blocks)
    assert.equal(applicationIn(block, 'staging', undefined).application, 'carts-staging')
})
