import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { findLayout, type KeptnPlace, locate, placesOf } from './keptn-layout.ts'

const IN_BRANCHES = 'projectName: shop\nisUsingDirectoryStructure: false\n'
const IN_DIRECTORIES = 'projectName: shop\nisUsingDirectoryStructure: true\n'
const STAGES = ['dev', 'prod']
const PLAIN = { noNullPrototype: true } as const

function contents(
  branches: Readonly<Record<string, readonly string[]>>,
  more: Partial<Parameters<typeof findLayout>[0]> = {},
): Parameters<typeof findLayout>[0] {
  return {
    defaultBranch: 'main',
    branches: new Map(Object.entries(branches)),
    stages: STAGES,
    metadata: undefined,
    ...more,
  }
}

test('a branch for each stage, as Keptn makes it by default', () => {
  const copied = ['metadata.yaml', 'shipyard.yaml']
  const found = findLayout(
    contents(
      {
        main: copied,
        dev: [...copied, 'carts/metadata.yaml', 'carts/slo.yaml', 'jmeter/load.jmx'],
        prod: [...copied, 'carts/metadata.yaml', 'catalogue/metadata.yaml'],
        'feature/x': ['carts/metadata.yaml'],
      },
      { metadata: IN_BRANCHES },
    ),
  )
  assert.deepEqual(found, {
    code: 'branch-per-stage',
    mainBranch: 'main',
    missingStages: [],
    services: [
      { stage: 'dev', service: 'carts' },
      { stage: 'prod', service: 'carts' },
      { stage: 'prod', service: 'catalogue' },
    ],
  })
})

test('directories of stages on one branch', () => {
  const paths = [
    '.keptn-stages/dev/carts/metadata.yaml',
    '.keptn-stages/dev/prometheus/sli.yaml',
    '.keptn-stages/removed/carts/metadata.yaml',
    'metadata.yaml',
    'shipyard.yaml',
  ]
  const found = findLayout(contents({ main: paths }, { metadata: IN_DIRECTORIES }))
  assert.deepEqual(found, {
    code: 'directories',
    mainBranch: 'main',
    missingStages: ['prod'],
    services: [{ stage: 'dev', service: 'carts' }],
  })
})

test('metadata.yaml decides where it says so, else what is there', () => {
  const shipyard = ['shipyard.yaml']
  const both = { main: [...shipyard, '.keptn-stages/dev/x.yaml'], dev: ['x.yaml'] }
  const cases: [Readonly<Record<string, readonly string[]>>, string | undefined, string][] = [
    [both, IN_BRANCHES, 'branch-per-stage'],
    [both, IN_DIRECTORIES, 'directories'],
    [both, 'isUsingDirectoryStructure: "true"', 'directories'],
    [both, 'projectName: shop\n', 'directories'],
    [{ main: shipyard, dev: [] }, undefined, 'branch-per-stage'],
    [{ main: shipyard }, 'projectName: shop\n', 'branch-per-stage'],
    [{ main: shipyard }, undefined, 'directories'],
  ]
  for (const [branches, metadata, expected] of cases) {
    assert.equal(findLayout(contents(branches, { metadata })).code, expected)
  }
})

test('a repository that a project can be begun in', () => {
  const cases: Readonly<Record<string, readonly string[]>>[] = [
    {},
    { main: ['README.md', 'LICENSE', '.gitignore', '.github/CODEOWNERS'] },
    { main: [] },
  ]
  for (const branches of cases) {
    assert.deepEqual(findLayout(contents(branches, { stages: undefined })), {
      code: 'empty',
      mainBranch: 'main',
    })
  }
  const emptied = contents({ main: ['metadata.yaml'] }, { metadata: ' \n', stages: undefined })
  assert.equal(findLayout(emptied).code, 'empty')
})

test('what is no project of Keptn says why', () => {
  const cases: [Parameters<typeof findLayout>[0], string][] = [
    [
      contents({ main: ['README.md', 'src/main.go'] }, { stages: undefined }),
      'branch main has no shipyard.yaml, but other files (src/main.go)',
    ],
    [
      contents({ main: ['metadata.yaml'] }, { metadata: IN_BRANCHES, stages: undefined }),
      'branch main has a metadata.yaml and no shipyard.yaml',
    ],
    [
      contents({ main: ['shipyard.yaml'] }, { stages: undefined }),
      'shipyard.yaml on branch main cannot be read as a shipyard',
    ],
    [
      contents({ develop: ['shipyard.yaml'] }),
      "its HEAD names no branch that it has; set the repository's default branch",
    ],
    [
      contents({ main: ['shipyard.yaml'] }, { metadata: IN_BRANCHES, stages: ['dev', 'main'] }),
      "stage main would have the branch of the project's own files as its branch",
    ],
  ]
  for (const [given, reason] of cases) {
    assert.deepEqual(findLayout(given), { code: 'none', reason })
  }
})

test('files of Git, and what the layout has no place for, are nobody’s resources', () => {
  const paths = [
    '.gitignore',
    '.keptn-stages/stray',
    'carts/.gitkeep',
    'carts/metadata.yaml',
    'metadata.yaml',
    'shipyard.yaml',
    'x.git/y',
  ]
  const branches = { kind: 'branch-per-stage', mainBranch: 'main' } as const
  assert.deepEqual(
    placesOf(branches, 'main', paths).map(({ uri }) => uri),
    ['carts/metadata.yaml', 'metadata.yaml', 'shipyard.yaml', 'x.git/y'],
  )
  const dev = { level: 'stage', stage: 'dev' }
  assert.deepEqual(placesOf(branches, 'dev', paths), [
    { place: dev, uri: '.keptn-stages/stray' },
    { place: { level: 'service', stage: 'dev', service: 'carts' }, uri: 'metadata.yaml' },
    { place: dev, uri: 'x.git/y' },
  ])
  const directories = { kind: 'directories', mainBranch: 'main' } as const
  assert.ok(
    placesOf(directories, 'main', paths).every(
      ({ place, uri }) => place.level === 'project' && !uri.startsWith('.keptn-stages/'),
    ),
  )
})

test('a file is found again in the place where it was put, in both layouts', () => {
  const name = fc.constantFrom('dev', 'prod', 'carts', 'a-b', 'prometheus')
  const place = fc.oneof(
    fc.constant<KeptnPlace>({ level: 'project' }),
    fc.record({ level: fc.constant('stage' as const), stage: name }, PLAIN),
    fc.record({ level: fc.constant('service' as const), stage: name, service: name }, PLAIN),
  )
  const kind = fc.constantFrom('directories' as const, 'branch-per-stage' as const)
  const uri = fc.constantFrom('slo.yaml', 'a/b.yaml', 'helm/x/values.yaml')
  fc.assert(
    fc.property(kind, place, uri, (kindOf, where, file) => {
      const layout = { kind: kindOf, mainBranch: 'main' }
      const { branch, folder } = locate(layout, where)
      const metadata = where.level === 'service' ? [`${folder}metadata.yaml`] : []
      const placed = placesOf(layout, branch, [folder + file, ...metadata])
      assert.deepEqual(placed[0], { place: where, uri: file })
    }),
  )
})
