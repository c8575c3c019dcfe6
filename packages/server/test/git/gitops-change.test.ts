import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { IMAGE, KUSTOMIZATION, openGitops, TAG, VALUES } from './gitops-folder.ts'

const TO_2 = { ...IMAGE, value: 'carts:2.0' } as const

test('a change is one commit with exactly these fields, message, author and trailers', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  const first = await repository.head()
  const answer = await gitops.change(
    change([TO_2, { ...TAG, value: 'v2' }], {
      body: 'Asked for by ci.\nTiphys-Run: forged',
      author: 'Delivery <delivery@example.com>',
    }),
  )
  assert.ok(answer.code === 'committed', JSON.stringify(answer))
  assert.deepEqual(answer, {
    code: 'committed',
    commitId: await repository.head(),
    parentId: first,
    before: [
      { ...IMAGE, value: 'carts:1.0' },
      { ...TAG, value: 'v1' },
    ],
    after: [
      { ...IMAGE, value: 'carts:2.0' },
      { ...TAG, value: 'v2' },
    ],
    repeated: false,
  })
  assert.equal(
    await repository.show(KUSTOMIZATION),
    '# kept\nimages:\n  - name: carts\n    newTag: "2.0" # by delivery\n',
  )
  assert.equal(await repository.show(VALUES), "image:\n  tag: 'v2' # the tag\n")
  const body = await repository.run(['log', '-1', '--format=%an <%ae>|%cn|%ct%n%B', 'main'])
  assert.equal(
    body.trim(),
    [
      'Delivery <delivery@example.com>|Delivery|1750000000',
      'carts: 2.0 in staging',
      '',
      'Asked for by ci.',
      'Tiphys-Run: forged',
      '',
      'Tiphys-Run: run-1',
      'Tiphys-Effect: run-1/0/1',
    ].join('\n'),
  )
  const changed = await repository.run(['diff', '--name-only', first, 'main'])
  assert.deepEqual(changed.trim().split('\n'), [KUSTOMIZATION, VALUES])
  const found = await gitops.lastChange({
    repository: opened.branch.repository,
    revision: answer.commitId,
    paths: [],
  })
  assert.ok(found.code === 'found')
  assert.deepEqual(found.commit, {
    commitId: answer.commitId,
    subject: 'carts: 2.0 in staging',
    author: 'Delivery <delivery@example.com>',
    timeMs: 1_750_000_000_000,
    runId: 'run-1',
    key: 'run-1/0/1',
  })
})

test('asking twice commits once, also from another process that knows nothing', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  const first = await gitops.change(change([TO_2]))
  assert.ok(first.code === 'committed')
  await repository.commit({ [KUSTOMIZATION]: 'images: [{name: carts, newTag: "9"}]\n' })
  const again = await gitops.change(change([TO_2]))
  assert.deepEqual(again, { ...first, repeated: true })
  await using another = opened.another('second')
  assert.deepEqual(await another.change(change([TO_2])), { ...first, repeated: true })
  assert.equal((await repository.subjects()).length, 3)
  const found = await another.findChange({ branch: opened.branch, key: 'run-1/0/1' })
  assert.ok(found.code === 'found' && found.commit.commitId === first.commitId)
  assert.deepEqual(await another.findChange({ branch: opened.branch, key: 'run-1/0/2' }), {
    code: 'none',
  })
})

test('a push whose answer was lost is found by its trailer', async () => {
  await using opened = await openGitops()
  const { gitops, host, repository, change } = opened
  host.afterPush(() => 'drop')
  const lost = await gitops.change(change([TO_2]))
  assert.ok(lost.code === 'failed' && lost.failure.code === 'unreachable' && lost.failure.retryable)
  host.afterPush(undefined)
  const again = await gitops.change(change([TO_2]))
  assert.ok(again.code === 'committed' && again.repeated)
  assert.deepEqual(await repository.subjects(), ['first', 'carts: 2.0 in staging'])
})

test('a value that holds already is no change', async () => {
  await using opened = await openGitops()
  const answer = await opened.gitops.change(
    opened.change([{ ...IMAGE, value: 'carts:1.0', onlyIf: 'carts:0.9' }]),
  )
  assert.deepEqual(answer, {
    code: 'no-change',
    commitId: await opened.repository.head(),
    values: [{ ...IMAGE, value: 'carts:1.0' }],
  })
  assert.equal((await opened.repository.subjects()).length, 1)
})

test('a field that somebody else changed is left to them', async () => {
  await using opened = await openGitops()
  const head = await opened.repository.head()
  const answer = await opened.gitops.change(
    opened.change([
      { ...IMAGE, value: 'carts:0.9', onlyIf: 'carts:2.0' },
      { ...TAG, value: 'v0', onlyIf: 'v1' },
    ]),
  )
  assert.deepEqual(answer, {
    code: 'superseded',
    commitId: head,
    differences: [{ ...IMAGE, expected: 'carts:2.0', found: 'carts:1.0' }],
    message: `image carts in ${KUSTOMIZATION} is carts:1.0, not carts:2.0 any more`,
  })
  assert.equal(await opened.repository.head(), head)
})

test('a rollback restores what was there, also that there was nothing', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  const orders = {
    file: 'apps/orders/staging/kustomization.yaml',
    field: { kind: 'kustomize-image', image: 'orders', part: 'reference' },
  } as const
  const deployed = await gitops.change(change([{ ...orders, value: 'orders:1' }, TO_2]))
  assert.ok(deployed.code === 'committed')
  assert.equal(deployed.before[0]?.value, null)
  const edits = deployed.before.map((state, index) => {
    const left = deployed.after[index]?.value
    return { ...state, ...(left === undefined ? {} : { onlyIf: left }) }
  })
  const rollback = { key: 'run-2/0/1', runId: 'run-2', rollbackOf: 'run-1', subject: 'roll back' }
  const restored = await gitops.change(change(edits, rollback))
  assert.ok(restored.code === 'committed', JSON.stringify(restored))
  assert.equal(await repository.run(['diff', 'main', 'main~2']), '')
  const last = await gitops.lastChange({
    repository: opened.branch.repository,
    revision: restored.commitId,
    paths: [],
  })
  assert.ok(
    last.code === 'found' && last.commit.rollbackOf === 'run-1' && last.commit.runId === 'run-2',
  )
})

test("somebody else's pushes during ours are no failure, and none is lost", async () => {
  await using opened = await openGitops()
  const { gitops, host, repository, change } = opened
  let foreign = 0
  host.beforePush(async () => {
    if (foreign === 3) return
    foreign++
    await repository.commit({ 'README.md': `shop ${foreign}\n` }, { message: `foreign ${foreign}` })
  })
  const answer = await gitops.change(change([TO_2]))
  assert.ok(answer.code === 'committed' && !answer.repeated)
  assert.deepEqual(await repository.subjects(), [
    'first',
    'foreign 1',
    'foreign 2',
    'foreign 3',
    'carts: 2.0 in staging',
  ])
  assert.equal(await repository.show('README.md'), 'shop 3\n')
})

test('a foreign push to the same field in between counts', async () => {
  await using opened = await openGitops()
  const { gitops, host, repository, change } = opened
  host.beforePush(async () => {
    host.beforePush(undefined)
    await repository.commit({ [KUSTOMIZATION]: 'images: [{name: carts, newTag: "9"}]\n' })
  })
  const answer = await gitops.change(change([{ ...TO_2, onlyIf: 'carts:1.0' }]))
  assert.ok(answer.code === 'superseded', JSON.stringify(answer))
  assert.deepEqual(answer.differences, [{ ...IMAGE, expected: 'carts:1.0', found: 'carts:9' }])
})

test('when others push without end, the answer says so', async () => {
  await using opened = await openGitops()
  const { gitops, host, repository, change } = opened
  let count = 0
  host.beforePush(async () => {
    await repository.commit({ 'README.md': `${count++}\n` })
  })
  const answer = await gitops.change(change([TO_2]))
  assert.ok(answer.code === 'failed')
  assert.equal(answer.failure.code, 'push-raced')
  assert.equal(answer.failure.retryable, true)
  assert.equal(count, 8)
})

test('changes of one process at the same time come one after the other', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  const answers = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      gitops.change(change([{ ...IMAGE, value: `carts:3.${n}` }], { key: `k${n}` })),
    ),
  )
  assert.ok(answers.every((answer) => answer.code === 'committed'))
  assert.equal((await repository.subjects()).length, 5)
})

test('a push that the host refuses carries its words', async () => {
  await using opened = await openGitops()
  const { gitops, host, repository, change } = opened
  const head = await repository.head()
  await host.refusePushes('shop', 'main is protected:\nask the platform team')
  const refused = await gitops.change(change([TO_2]))
  assert.ok(refused.code === 'failed')
  assert.deepEqual(refused.failure, {
    code: 'push-refused',
    message: `${new URL(host.url).host}/shop refused the push to main: pre-receive hook declined: main is protected: ask the platform team`,
    retryable: false,
  })
  assert.equal(await repository.head(), head)
  await host.refusePushes('shop', undefined)
  const taken = await gitops.change(change([TO_2]))
  assert.ok(taken.code === 'committed' && !taken.repeated)
})

test('what cannot be edited names file and field', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  await repository.commit({ 'link.yaml': 'README.md' }, { mode: '120000' })
  const messages = async (edits: Parameters<typeof change>[0]) => {
    const answer = await gitops.change(change(edits))
    return answer.code === 'invalid-field' ? answer.message : answer.code
  }
  const head = (await repository.head()).slice(0, 12)
  const missing = { ...TAG, file: 'apps/none/values.yaml', value: 'x' }
  assert.equal(
    await messages([missing]),
    `apps/none/values.yaml is not in the repository at ${head}`,
  )
  assert.equal(
    await messages([{ ...TAG, file: 'link.yaml', value: 'x' }]),
    'link.yaml is no ordinary file (a folder, a link or a submodule)',
  )
  assert.equal(
    await messages([{ ...TAG, file: 'apps', value: 'x' }]),
    'apps is no ordinary file (a folder, a link or a submodule)',
  )
  assert.equal(
    await messages([{ ...TAG, file: '../x', value: 'x' }]),
    'the path "../x" has the part .. in it',
  )
  const typing = { file: VALUES, field: { kind: 'helm-value', path: 'imgae.tag' } } as const
  assert.equal(
    await messages([{ ...typing, value: 'x' }]),
    `${VALUES} has no imgae.tag: imgae is not there`,
  )
  assert.equal((await repository.subjects()).length, 2)
})

test('trailers cannot be forged through an id, nor a subject run over', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  await assert.rejects(gitops.change(change([TO_2], { runId: 'a\nTiphys-Run: b' })), TypeError)
  const answer = await gitops.change(change([TO_2], { subject: `long\n\n${'x'.repeat(100)}` }))
  assert.ok(answer.code === 'committed')
  const [, subject = ''] = await repository.subjects()
  assert.equal(subject, `long ${'x'.repeat(66)}…`)
})

test('an executable file keeps its mode, and a byte order mark its place', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  await repository.commit({ 'run.yaml': '\ufeffimage:\r\n  tag: v1\r\n' }, { mode: '100755' })
  const answer = await gitops.change(change([{ ...TAG, file: 'run.yaml', value: 'v2' }]))
  assert.ok(answer.code === 'committed', JSON.stringify(answer))
  assert.match(await repository.run(['ls-tree', 'main', 'run.yaml']), /^100755 /)
  assert.equal(await repository.show('run.yaml'), '\ufeffimage:\r\n  tag: v2\r\n')
})
