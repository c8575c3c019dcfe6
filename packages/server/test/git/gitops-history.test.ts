import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { IMAGE, KUSTOMIZATION, openGitops } from './gitops-folder.ts'

const CARTS = ['apps/carts/staging']

test('fields at the head and at a commit', async () => {
  await using opened = await openGitops()
  const { gitops, repository, branch } = opened
  const first = await repository.head()
  const second = await repository.commit({
    [KUSTOMIZATION]: 'images: [{name: carts, newTag: "2"}]\n',
  })
  const at = async (commit?: string) => {
    const answer = await gitops.readFields({
      branch,
      fields: [IMAGE],
      ...(commit === undefined ? {} : { at: commit }),
    })
    return answer.code === 'read' ? [answer.commitId, answer.values[0]?.value] : answer.code
  }
  assert.deepEqual(await at(), [second, 'carts:2'])
  assert.deepEqual(await at(first), [first, 'carts:1.0'])
  assert.equal(await at('0'.repeat(40)), 'unknown-commit')
  assert.equal(await at('main'), 'unknown-commit')
  const third = await repository.commit({
    [KUSTOMIZATION]: 'images: [{name: carts, newTag: "3"}]\n',
  })
  assert.deepEqual(await at(), [third, 'carts:3'])
})

test('how revisions stand to each other, and what differs for an application', async () => {
  await using opened = await openGitops()
  const { gitops, repository } = opened
  const first = await repository.head()
  const wished = await repository.commit({
    [KUSTOMIZATION]: 'images: [{name: carts, newTag: "2"}]\n',
  })
  const elsewhere = await repository.commit({ 'README.md': 'moved on\n' })
  const side = await (async () => {
    await repository.run(['update-ref', 'refs/heads/side', first])
    return await repository.commit({ 'other.txt': 'x\n' }, { branch: 'side' })
  })()
  const relate = async (commitId: string, revision: string, paths: readonly string[] = CARTS) => {
    const answer = await gitops.relate({
      repository: opened.branch.repository,
      commitId,
      revision,
      paths,
    })
    return answer.code === 'related' ? [answer.relation, ...answer.changedFiles] : answer.code
  }
  assert.deepEqual(await relate(wished, wished), ['equal'])
  assert.deepEqual(await relate(wished, elsewhere), ['contains'])
  assert.deepEqual(await relate(wished, elsewhere, []), ['contains', 'README.md'])
  assert.deepEqual(await relate(wished, elsewhere, ['./apps/carts/staging/', 'README.md']), [
    'contains',
    'README.md',
  ])
  assert.deepEqual(await relate(wished, elsewhere, ['.']), ['contains', 'README.md'])
  assert.deepEqual(await relate(wished, elsewhere, ['../base']), ['contains', 'README.md'])
  assert.deepEqual(await relate(wished, first), ['precedes', KUSTOMIZATION])
  assert.deepEqual(await relate(wished, side), ['diverged', KUSTOMIZATION])
  assert.equal(await relate(wished, '1'.repeat(40)), 'unknown-commit')
  assert.equal(await relate(wished, '1.2.3'), 'unknown-commit')
})

test('known commits are compared without asking the host', async () => {
  await using opened = await openGitops()
  const first = await opened.repository.head()
  const second = await opened.repository.commit({ 'README.md': 'x\n' })
  const question = {
    repository: opened.branch.repository,
    commitId: first,
    revision: second,
    paths: [],
  }
  assert.equal((await opened.gitops.relate(question)).code, 'related')
  await opened.host.goDown()
  assert.equal((await opened.gitops.relate(question)).code, 'related')
  const unknown = await opened.gitops.relate({ ...question, revision: '2'.repeat(40) })
  assert.ok(unknown.code === 'failed' && unknown.failure.code === 'unreachable')
})

test('whose work runs in a revision: through later commits and a merge, until the paths change', async () => {
  await using opened = await openGitops()
  const { gitops, repository, change } = opened
  const start = await repository.head()
  const ours = await gitops.change(change([{ ...IMAGE, value: 'carts:2' }]))
  assert.ok(ours.code === 'committed')
  const runAt = async (revision: string, paths: readonly string[] = CARTS) => {
    const answer = await gitops.lastChange({
      repository: opened.branch.repository,
      revision,
      paths,
    })
    return answer.code === 'found' ? (answer.commit.runId ?? 'nobody') : answer.code
  }
  assert.equal(await runAt(ours.commitId), 'run-1')
  const later = await repository.commit({ 'README.md': 'later\n' })
  assert.equal(await runAt(later), 'run-1')
  assert.equal(await runAt(later, []), 'nobody')
  assert.equal(await runAt(start), 'nobody')

  await repository.run(['update-ref', 'refs/heads/side', start])
  await repository.commit({ 'side.txt': 'x\n' }, { branch: 'side' })
  const tree = (await repository.run(['merge-tree', '--write-tree', 'side', 'main'])).trim()
  const merge = await repository.run([
    '-c',
    'user.name=x',
    '-c',
    'user.email=x@y',
    'commit-tree',
    '-p',
    'side',
    '-p',
    'main',
    '-m',
    'merge',
    tree,
  ])
  await repository.run(['update-ref', 'refs/heads/main', merge.trim()])
  assert.equal(await runAt(merge.trim()), 'run-1')

  const foreign = await repository.commit({ [KUSTOMIZATION]: 'images: []\n' })
  assert.equal(await runAt(foreign), 'nobody')
  assert.equal(await runAt(foreign, ['apps/none']), 'none')
})
