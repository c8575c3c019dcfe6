import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { resolveApplications, selectApplication } from './argocd-mapping.ts'
import { ArgocdYaml } from './argocd-yaml.ts'
import { formatProblem } from './problem.ts'
import { parseYaml } from './yaml-file.ts'

const SCOPE = { project: 'shop', stage: 'staging', service: 'carts' }

const FULL = `apiVersion: tiphys.dev/v1
applications:
  - application: "{{service}}-{{stage}}"
    namespace: argocd-{{project}}
    project: "{{project}}"
    git:
      repository: https://git.example.com/{{project}}/gitops.git
      branch: main
      author: Delivery <delivery@example.com>
      fields:
        - file: apps/{{service}}/{{stage}}/kustomization.yaml
          kustomizeImage: ghcr.io/acme/{{service}}
        - file: apps/{{service}}/{{stage}}/values.yaml
          helmValue: image.tag
          value: image.tag
        - file: apps/{{service}}/{{stage}}/all.yaml
          yamlPath: spec.replicas
          document: { kind: Deployment, name: "{{service}}" }
          value: replicas
    sync: request
    settle: 2s
    uris: ["https://{{service}}.{{stage}}.example.com"]
  - name: eu
    application: "{{service}}-eu"
`

function parsed(text: string): ArgocdYaml {
  const result = parseYaml(ArgocdYaml, text, 'argocd.yaml', { unknownKeys: 'error' })
  assert.ok(result.ok, result.ok ? '' : result.problems.map(formatProblem).join('\n'))
  return result.value
}

function problems(text: string): string[] {
  const result = parseYaml(ArgocdYaml, text, 'argocd.yaml', { unknownKeys: 'error' })
  return result.ok ? [] : result.problems.map(formatProblem)
}

function oneField(lines: string): string {
  return `apiVersion: tiphys.dev/v1
applications:
  - application: carts
    git:
      repository: https://git.example.com/gitops.git
      branch: main
      fields:
${lines}`
}

test('templates are filled and defaults stand in', () => {
  const resolved = resolveApplications(parsed(FULL), SCOPE)
  assert.ok(resolved.code === 'resolved')
  assert.deepEqual(resolved.applications, [
    {
      name: 'main',
      instance: 'default',
      application: 'carts-staging',
      namespace: 'argocd-shop',
      project: 'shop',
      git: {
        repository: 'https://git.example.com/shop/gitops.git',
        branch: 'main',
        author: 'Delivery <delivery@example.com>',
        fields: [
          {
            file: 'apps/carts/staging/kustomization.yaml',
            field: { kind: 'kustomize-image', image: 'ghcr.io/acme/carts', part: 'reference' },
            value: 'image',
          },
          {
            file: 'apps/carts/staging/values.yaml',
            field: { kind: 'helm-value', path: 'image.tag' },
            value: 'image.tag',
          },
          {
            file: 'apps/carts/staging/all.yaml',
            field: {
              kind: 'yaml-path',
              path: 'spec.replicas',
              document: { kind: 'Deployment', name: 'carts' },
            },
            value: 'replicas',
          },
        ],
      },
      sync: 'request',
      prune: false,
      settleMs: 2_000,
      graceMs: 60_000,
      requireSynced: true,
      uris: ['https://carts.staging.example.com'],
    },
    {
      name: 'eu',
      instance: 'default',
      application: 'carts-eu',
      project: 'default',
      prune: false,
      settleMs: 10_000,
      graceMs: 60_000,
      requireSynced: true,
      uris: [],
    },
  ])
})

test('a task names its application; main or the only one otherwise', () => {
  const resolved = resolveApplications(parsed(FULL), SCOPE)
  assert.ok(resolved.code === 'resolved')
  const [main, eu] = resolved.applications
  assert.ok(main !== undefined && eu !== undefined)
  assert.deepEqual(selectApplication(resolved.applications, undefined), {
    code: 'selected',
    application: main,
  })
  assert.deepEqual(selectApplication([eu], undefined), { code: 'selected', application: eu })
  assert.deepEqual(selectApplication(resolved.applications, 'eu'), {
    code: 'selected',
    application: eu,
  })
  assert.deepEqual(selectApplication([], undefined), { code: 'none' })
  assert.deepEqual(selectApplication(resolved.applications, 'maim'), {
    code: 'unknown-application',
    message: 'argocd.yaml names no application maim; did you mean main?',
  })
  assert.deepEqual(selectApplication([eu, { ...eu, name: 'us' }], undefined), {
    code: 'unknown-application',
    message:
      'argocd.yaml names the applications eu, us; say which one with the task property application',
  })
})

test('what is wrong is said at its place', () => {
  assert.deepEqual(problems(oneField('        - file: a.yaml\n          helmValu: image.tag\n')), [
    'argocd.yaml:9:11: unknown key helmValu in applications.0.git.fields.0; did you mean helmValue?',
    'argocd.yaml:8:11: applications.0.git.fields.0: expected exactly one of kustomizeImage, helmValue and yamlPath',
  ])
  const cases: [string, RegExp][] = [
    ['file: ../a.yaml, kustomizeImage: carts', /the path has the part \.\. in it/],
    ['file: /a.yaml, kustomizeImage: carts', /the path is absolute/],
    ['file: a/.GIT/b.yaml, kustomizeImage: carts', /which belongs to Git/],
    ['file: "{{team}}/a.yaml", kustomizeImage: carts', /only \{\{project\}\}, \{\{stage\}\} and/],
    ['file: a.yaml, kustomizeImage: "carts:1.4"', /expected an image name without tag/],
    ['file: a.yaml, helmValue: image..tag, value: image', /is not a path at character 6/],
    ['file: a.yaml, helmValue: image.tag', /value is missing/],
    ['file: a.yaml, kustomizeImage: carts, helmValue: image.tag', /exactly one of/],
    ['file: a.yaml, helmValue: a, value: image, document: {index: 0}', /goes with yamlPath only/],
  ]
  for (const [field, expected] of cases) {
    const found = problems(oneField(`        - {${field}}\n`))
    assert.equal(found.length, 1, `${field}: ${found.join(' | ')}`)
    assert.match(found[0] ?? '', expected)
  }
})

test('repositories with credentials, odd branches and repeated names are refused', () => {
  const base = oneField('        - {file: a.yaml, kustomizeImage: carts}\n')
  const withUrl = (url: string) => base.replace('https://git.example.com/gitops.git', url)
  assert.match(problems(withUrl('https://me:secret@git.example.com/x.git'))[0] ?? '', /credentials/)
  assert.match(problems(withUrl('ext::sh -c id'))[0] ?? '', /repository URL/)
  assert.match(problems(base.replace('branch: main', 'branch: --force'))[0] ?? '', /branch/)
  const twice = `${base}  - application: other\n`
  assert.match(problems(twice)[0] ?? '', /two applications are called main/)
})

test('a service whose name is no part of a path is refused when it is filled in', () => {
  const resolved = resolveApplications(parsed(FULL), { ...SCOPE, service: '../carts' })
  assert.deepEqual(resolved, {
    code: 'invalid',
    message:
      'argocd.yaml, application main, for service ../carts in stage staging: "../carts-staging" is no Kubernetes name',
  })
})
