import { strict as assert } from 'node:assert'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { GitFailure } from '../../src/ports/desired-state.ts'
import { openBareRepository } from '../peers/bare-repository.ts'
import { IMAGE, openGitops } from './gitops-folder.ts'

type Opened = Awaited<ReturnType<typeof openGitops>>

async function failureOf(opened: Opened, signal?: AbortSignal): Promise<GitFailure> {
  const answer = await opened.gitops.readFields({ branch: opened.branch, fields: [IMAGE] }, signal)
  assert.ok(answer.code === 'failed', JSON.stringify(answer))
  return answer.failure
}

async function reads(opened: Opened): Promise<boolean> {
  const answer = await opened.gitops.readFields({ branch: opened.branch, fields: [IMAGE] })
  return answer.code === 'read' && answer.values[0]?.value === 'carts:1.0'
}

function name(opened: Opened): string {
  return `${new URL(opened.host.url).host}/shop`
}

test('a host that is down, and back', async () => {
  await using opened = await openGitops()
  assert.ok(await reads(opened))
  await opened.host.goDown()
  const failure = await failureOf(opened)
  assert.deepEqual(failure, {
    code: 'unreachable',
    message: `${name(opened)}: it cannot be reached`,
    retryable: true,
  })
  const change = await opened.gitops.change(opened.change([{ ...IMAGE, value: 'carts:2.0' }]))
  assert.deepEqual(change, { code: 'failed', failure })
  await opened.host.comeBack()
  assert.ok(await reads(opened))
})

test('a host with a bad day', async () => {
  await using opened = await openGitops()
  opened.host.answerWith(503)
  assert.deepEqual(await failureOf(opened), {
    code: 'unreachable',
    message: `${name(opened)}: it answers with an error of its own`,
    retryable: true,
  })
  opened.host.answerWith(undefined)
  assert.ok(await reads(opened))
})

test('a host that is too slow', async () => {
  await using opened = await openGitops({ fetchTimeoutMs: 300 })
  opened.host.delay(60_000)
  assert.deepEqual(await failureOf(opened), {
    code: 'timed-out',
    message: `${name(opened)} did not answer within 0.3 s`,
    retryable: true,
  })
})

test('an aborted question rejects with the reason and leaves no process', async () => {
  await using opened = await openGitops()
  opened.host.delay(60_000)
  const controller = new AbortController()
  const asked = failureOf(opened, controller.signal)
  while (opened.host.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
  controller.abort(new Error('the run was aborted'))
  await assert.rejects(asked, /the run was aborted/)
  await assert.rejects(failureOf(opened, controller.signal), /the run was aborted/)
})

test('the right password opens, a wrong or a missing one does not, and none is told to others', async () => {
  const credentials = {
    kind: 'password',
    user: 'bot@example.com',
    password: 'p@ss "w\\ord$(id)',
  } as const
  await using opened = await openGitops({ credentials })
  opened.host.requirePassword(credentials.user, credentials.password)
  assert.ok(await reads(opened))
  const change = await opened.gitops.change(opened.change([{ ...IMAGE, value: 'carts:2.0' }]))
  assert.equal(change.code, 'committed')
  opened.host.requirePassword(credentials.user, 'another')
  assert.deepEqual(await failureOf(opened), {
    code: 'authentication-refused',
    message: `${name(opened)}: it does not accept the credentials, or there are none for it`,
    retryable: false,
  })
  await using without = await openGitops()
  without.host.requirePassword('bot', 'x')
  assert.equal((await failureOf(without)).code, 'authentication-refused')
})

test('a password is told to the host it is for, and to no other', async () => {
  await using opened = await openGitops()
  const { git } = opened.place
  const credentials = { kind: 'password', user: 'bot', password: 'secret' } as const
  opened.host.requirePassword('bot', 'secret')
  const lookAt = (url: string) =>
    git.run(['ls-remote', '--', opened.branch.repository], { credentials, url })
  const right = await lookAt(opened.branch.repository)
  assert.ok(right.code === 'exited' && right.exitCode === 0)
  const wrong = await lookAt('http://git.example.com/shop.git')
  assert.ok(wrong.code === 'exited' && wrong.exitCode !== 0)
})

test('a host that repeats the password is not repeated', async () => {
  const credentials = { kind: 'password', user: 'bot', password: 'very secret' } as const
  await using opened = await openGitops({ credentials })
  opened.host.requirePassword(credentials.user, credentials.password)
  await opened.host.refusePushes('shop', 'very secret is a bad password')
  const answer = await opened.gitops.change(opened.change([{ ...IMAGE, value: 'carts:2.0' }]))
  assert.ok(answer.code === 'failed' && answer.failure.code === 'push-refused')
  assert.match(answer.failure.message, /: \*\*\* is a bad password$/)
})

test('what is not there is named', async () => {
  await using opened = await openGitops()
  const ask = async (repository: string, branch: string) => {
    const answer = await opened.gitops.readFields({
      branch: { repository, branch },
      fields: [IMAGE],
    })
    return answer.code === 'failed' ? answer.failure : answer
  }
  const { repository } = opened.branch
  assert.deepEqual(await ask(repository, 'release'), {
    code: 'branch-not-found',
    message: `${name(opened)} has no branch release`,
    retryable: false,
  })
  assert.deepEqual(await ask(opened.host.urlOf('none'), 'main'), {
    code: 'repository-not-found',
    message: `${new URL(opened.host.url).host}/none: there is no such repository, or these credentials do not see it`,
    retryable: false,
  })
  assert.deepEqual(await ask(repository, '--upload-pack=id'), {
    code: 'branch-not-found',
    message: '"--upload-pack=id" is no name of a branch',
    retryable: false,
  })
})

test('URLs that the settings do not allow never reach git', async () => {
  await using opened = await openGitops({ protocols: ['https', 'ssh'] })
  const ask = async (repository: string) => {
    const answer = await opened.gitops.readFields({
      branch: { repository, branch: 'main' },
      fields: [IMAGE],
    })
    return answer.code === 'failed' ? [answer.failure.code, answer.failure.message] : answer
  }
  const settings = "and the server's settings allow https, ssh for Git"
  assert.deepEqual(await ask(opened.branch.repository), [
    'url-not-allowed',
    `repository URL begins with http, ${settings}`,
  ])
  assert.deepEqual(await ask(opened.repository.url), [
    'url-not-allowed',
    `repository URL begins with file, ${settings}`,
  ])
  assert.deepEqual(await ask('https://me:word@git.example.com/x'), [
    'url-not-allowed',
    "repository URL has credentials in it; they belong into the server's settings",
  ])
  assert.deepEqual(await ask('ext::sh -c id'), [
    'url-not-allowed',
    'repository URL has characters that no URL has',
  ])
  assert.deepEqual(opened.host.requests, [])
})

test('git itself refuses a protocol that is not allowed', async () => {
  await using opened = await openGitops()
  for (const url of ['ext::sh -c id', 'https://127.0.0.1:1/x.git']) {
    const result = await opened.place.git.run(['ls-remote', '--', url])
    assert.ok(result.code === 'exited')
    assert.match(result.stderr, /transport '\w+' not allowed/)
  }
})

test('the local copy may be deleted or broken at any time', async () => {
  await using opened = await openGitops()
  assert.ok(await reads(opened))
  await rm(opened.folder, { recursive: true })
  assert.ok(await reads(opened))
  const [copy = ''] = await readdir(opened.folder)
  await rm(join(opened.folder, copy, 'objects', 'pack'), { recursive: true })
  await rm(join(opened.folder, copy, 'packed-refs'), { force: true })
  await writeFile(join(opened.folder, copy, 'HEAD'), 'nonsense\n')
  assert.ok(await reads(opened))
  const change = await opened.gitops.change(opened.change([{ ...IMAGE, value: 'carts:2.0' }]))
  assert.equal(change.code, 'committed')
})

test('a repository over file, when the settings allow it', async () => {
  await using opened = await openGitops()
  const repository = await openBareRepository(join(opened.place.folder, 'local.git'), {
    'kustomization.yaml': 'images: [{name: carts, newTag: "1.0"}]\n',
  })
  const branch = { repository: repository.url, branch: 'main' }
  const field = { ...IMAGE, file: 'kustomization.yaml' }
  const answer = await opened.gitops.change(
    opened.change([{ ...field, value: 'carts:2.0' }], { branch }),
  )
  assert.equal(answer.code, 'committed')
  assert.equal(
    await repository.show('kustomization.yaml'),
    'images: [{name: carts, newTag: "2.0"}]\n',
  )
})

test('a branch that was rewritten is followed', async () => {
  await using opened = await openGitops()
  const { repository, gitops, branch } = opened
  await repository.commit({ 'README.md': 'x\n' })
  assert.ok(await reads(opened))
  await repository.run(['update-ref', 'refs/heads/main', 'main~1'])
  const answer = await gitops.readFields({ branch, fields: [IMAGE] })
  assert.ok(answer.code === 'read' && answer.commitId === (await repository.head()))
})
