import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createGit } from '../../src/adapters/git/git-command.ts'
import { openGitHome } from '../../src/adapters/git/git-home.ts'
import { createGitopsRepositories } from '../../src/adapters/git/gitops-repository.ts'
import { openBareRepository } from '../peers/bare-repository.ts'
import { fixedClock } from './git-folder.ts'
import { IMAGE } from './gitops-folder.ts'

const IMAGE_AT_ROOT = { ...IMAGE, file: 'kustomization.yaml' }

const run = promisify(execFile)
const SEARCH_PATH = process.env['PATH'] ?? ''
const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real one\n-----END OPENSSH PRIVATE KEY-----'

/**
 * A program in the place of ssh: it notes how it was called and with which key file, and then does what the far end would do, on this
 * machine. `says` makes it fail with a sentence of the real ssh instead.
 */
async function openSsh(says = '') {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-ssh-'))
  // A space, a quote and a percent sign: ssh and the shell must both be spared them.
  const homeFolder = join(folder, "it's 100% home")
  const program = join(folder, 'ssh-double')
  const log = join(folder, 'calls')
  const fail = says === '' ? '' : `echo '${says}' >&2; exit 255\n`
  const script = `#!/bin/sh
{ printf '%s\\n' "$@"; echo "passphrase=$TIPHYS_GIT_PASSPHRASE"; cat "$(echo "$TIPHYS_GIT_KEY_FILE" | sed 's/%%/%/g')"; } >> '${log}'
ls -l "$(echo "$TIPHYS_GIT_KEY_FILE" | sed 's/%%/%/g')" >> '${log}'
${fail}for last; do :; done
exec sh -c "$last"
`
  await writeFile(program, script)
  await chmod(program, 0o755)
  const home = await openGitHome(homeFolder)
  const repository = await openBareRepository(join(folder, 'shop.git'), {
    'kustomization.yaml': 'images: [{name: carts, newTag: "1.0"}]\n',
  })
  const gitops = createGitopsRepositories({
    git: createGit({ home, protocols: ['ssh'], searchPath: SEARCH_PATH, sshProgram: program }),
    clock: fixedClock(0),
    folder: join(folder, 'gitops'),
    protocols: ['ssh'],
    credentialsFor: () => Promise.resolve({ kind: 'ssh-key', privateKey: KEY, passphrase: 'word' }),
  })
  return {
    folder,
    homeFolder,
    home,
    gitops,
    repository,
    branch: { repository: `ssh://git@git.example.com:2222${repository.directory}`, branch: 'main' },
    calls: () => readFile(log, 'utf8'),
    async [Symbol.asyncDispose]() {
      await gitops.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

test('over ssh the key is a file for one command, and nothing of the user is used', async () => {
  await using opened = await openSsh()
  const answer = await opened.gitops.readFields({ branch: opened.branch, fields: [IMAGE_AT_ROOT] })
  assert.ok(answer.code === 'read', JSON.stringify(answer))
  assert.equal(answer.values[0]?.value, 'carts:1.0')
  const calls = await opened.calls()
  const words = calls.split('\n')
  const expected = [
    '-F',
    '/dev/null',
    'StrictHostKeyChecking=accept-new',
    'IdentitiesOnly=yes',
    '-p',
    '2222',
    'git@git.example.com',
  ]
  for (const word of expected) assert.ok(words.includes(word), word)
  assert.ok(calls.includes('passphrase=word'))
  assert.ok(calls.includes(KEY))
  assert.match(calls, /^-rw-------/m)
  assert.deepEqual(await readdir(join(opened.homeFolder, 'keys')), [])
})

test('the real ssh reads our options as they are meant', async (context) => {
  await using opened = await openSsh()
  const { GIT_SSH_COMMAND = '' } = opened.home.environment('ssh')
  const keyFile = join(opened.homeFolder, 'keys', 'abc')
  const environment = { PATH: SEARCH_PATH, TIPHYS_GIT_KEY_FILE: keyFile.replaceAll('%', '%%') }
  const shown = await run('sh', ['-c', `${GIT_SSH_COMMAND} -G git.example.com`], {
    env: environment,
  }).catch((error: Error) => error)
  if (shown instanceof Error) return context.skip(`ssh is not here: ${shown.message}`)
  const settings = shown.stdout.split('\n').map((line) => line.replace('%%', '%'))
  assert.ok(
    settings.includes(`userknownhostsfile ${join(opened.homeFolder, 'known_hosts')}`),
    shown.stdout,
  )
  assert.ok(settings.includes('stricthostkeychecking accept-new'))
  assert.ok(settings.includes(`identityfile ${keyFile}`), shown.stdout)
  assert.ok(settings.includes('passwordauthentication no'))
})

test('a host whose key changed is not trusted, and waiting does not help', async () => {
  await using opened = await openSsh('Host key verification failed.')
  const answer = await opened.gitops.readFields({ branch: opened.branch, fields: [IMAGE_AT_ROOT] })
  assert.ok(answer.code === 'failed')
  assert.equal(answer.failure.code, 'host-not-trusted')
  assert.equal(answer.failure.retryable, false)
  assert.match(
    answer.failure.message,
    /its ssh host key is not the one that was pinned on first use; .* ssh-keygen -R <host> -f <data-dir>\/git-home\/known_hosts$/,
  )
})

test('a key that the host does not take', async () => {
  await using opened = await openSsh('git@git.example.com: Permission denied (publickey).')
  const answer = await opened.gitops.readFields({ branch: opened.branch, fields: [IMAGE_AT_ROOT] })
  assert.ok(answer.code === 'failed' && answer.failure.code === 'authentication-refused')
})

test('the pinned keys can be shown', async () => {
  await using opened = await openSsh()
  assert.deepEqual(await opened.home.pinnedHostKeys(), [])
  const lines = [
    '# a comment',
    'git.example.com ssh-ed25519 AAAAC3Nza',
    '[git.example.com]:2222 ssh-rsa AAAAB3Nza',
    '',
  ]
  await writeFile(join(opened.homeFolder, 'known_hosts'), lines.join('\n'))
  const pinned = await opened.home.pinnedHostKeys()
  assert.deepEqual(
    pinned.map(({ host, type, key }) => ({ host, type, key })),
    [
      { host: 'git.example.com', type: 'ssh-ed25519', key: 'AAAAC3Nza' },
      { host: '[git.example.com]:2222', type: 'ssh-rsa', key: 'AAAAB3Nza' },
    ],
  )
})
