import { strict as assert } from 'node:assert'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { GitError } from '../../src/adapters/git/git-command.ts'
import { openGitFolder } from './git-folder.ts'

/** Not a real git: what it does is in its script. `$1` and on are the arguments. */
async function openWith(script: string) {
  const place = await openGitFolder()
  const program = join(place.folder, 'git-double')
  await writeFile(program, `#!/bin/sh\n${script}\n`)
  await chmod(program, 0o755)
  const double = await openGitFolder({ gitProgram: program })
  return {
    folder: place.folder,
    git: double.git,
    async [Symbol.asyncDispose]() {
      await double[Symbol.asyncDispose]()
      await place[Symbol.asyncDispose]()
    },
  }
}

test('no configuration, hook or template of the machine has a say', async () => {
  const machine = await openGitFolder()
  await using _machine = machine
  await writeFile(
    join(machine.folder, 'evil'),
    '[user]\n name = evil\n[alias]\n status = !touch pwned\n',
  )
  await mkdir(join(machine.folder, 'git'))
  await writeFile(join(machine.folder, 'git', 'config'), '[user]\n name = evil\n')
  await using place = await openGitFolder({
    environment: {
      HOME: machine.folder,
      XDG_CONFIG_HOME: machine.folder,
      GIT_CONFIG_GLOBAL: join(machine.folder, 'evil'),
      GIT_CONFIG_SYSTEM: join(machine.folder, 'evil'),
    },
  })
  const settings = await place.run(['config', '--list'])
  assert.ok(!settings.includes('evil'), settings)
  const repository = join(place.folder, 'x.git')
  await place.run(['init', '--quiet', '--bare', '--template=', repository])
  const hook = join(repository, 'hooks', 'reference-transaction')
  await mkdir(join(repository, 'hooks'))
  await writeFile(hook, '#!/bin/sh\nexit 1\n')
  await chmod(hook, 0o755)
  await place.run(['symbolic-ref', 'refs/heads/x', 'refs/heads/y'], repository)
})

test('what git says is the result, whatever the exit code', async () => {
  await using place = await openGitFolder()
  const good = await place.git.run(['hash-object', '--stdin', '-t', 'blob'], { input: 'x' })
  assert.ok(good.code === 'exited' && good.exitCode === 0)
  assert.equal(good.stdout.toString().trim(), 'c1b0730e0133447badcfd47fd144e254807b06e1')
  const bad = await place.git.run(['no-such-command'])
  assert.ok(bad.code === 'exited' && bad.exitCode === 1 && bad.stderr.includes('no-such-command'))
})

test('a git that is not there is an error with a cause', async () => {
  await using place = await openGitFolder({ gitProgram: '/no/such/git' })
  await assert.rejects(place.git.run(['version']), (error) => {
    assert.ok(error instanceof GitError && error.cause instanceof Error)
    assert.match(error.message, /^git cannot be started: /)
    return true
  })
})

test('too much output and too much time end it', async () => {
  await using talker = await openWith('while :; do echo 0123456789; done')
  assert.deepEqual(await talker.git.run([], { maxOutputBytes: 100_000 }), {
    code: 'too-much-output',
    maxOutputBytes: 100_000,
  })
  await using sleeper = await openWith('sleep 600')
  assert.deepEqual(await sleeper.git.run([], { timeoutMs: 100 }), {
    code: 'timed-out',
    timeoutMs: 100,
  })
})

test('an abort ends the whole process group, also one that does not listen', async () => {
  await using stubborn = await openWith(
    `trap '' TERM
sh -c 'trap "" TERM; echo $$ > "$0"; sleep 600' "$(dirname "$0")/child" &
wait
sleep 600`,
  )
  const controller = new AbortController()
  const running = stubborn.git.run([], { signal: controller.signal })
  const pid = await readPid(join(stubborn.folder, 'child'))
  controller.abort(new Error('enough'))
  await assert.rejects(running, /enough/)
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve))
})

test('secrets are in the environment of one child, and in no argument', async () => {
  await using place = await openWith(
    'env | grep ^TIPHYS_ || echo none; echo "arguments: $*"; cat /dev/stdin',
  )
  const credentials = { kind: 'password', user: 'bot', password: 'secret' } as const
  const url = 'https://git.example.com:8443/x.git'
  const seen = async (options: Parameters<typeof place.git.run>[1]) => {
    const result = await place.git.run(['push'], options)
    return result.code === 'exited' ? result.stdout.toString() : result.code
  }
  const withSecrets = await seen({ credentials, url })
  assert.ok(withSecrets.includes('TIPHYS_GIT_SECRET=secret'))
  assert.ok(withSecrets.includes('TIPHYS_GIT_HOST=git.example.com:8443'))
  assert.ok(!(withSecrets.split('arguments:')[1] ?? 'secret').includes('secret'))
  assert.match(await seen({}), /^none\n/)
})

async function readPid(path: string): Promise<number> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (text.endsWith('\n')) return Number(text)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
