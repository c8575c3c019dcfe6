import { strict as assert } from 'node:assert'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createTestRepository, kustomization } from './support/git-repository.ts'
import { eventually } from './support/simulation.ts'

const COMMAND = fileURLToPath(new URL('../bin/argocd-simulator.mjs', import.meta.url))

function run(
  args: readonly string[],
  temporaryFolder = tmpdir(),
): {
  child: ChildProcess
  text: () => string
  exited: Promise<number | null>
} {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporaryFolder },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, text: () => text, exited }
}

async function isServed(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url)
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}

test('the command serves its file, and nothing survives it, not even after SIGKILL', async () => {
  await using repository = await createTestRepository(kustomization('1.0.0'))
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-simulator-command-'))
  const config = join(folder, 'simulator.yaml')
  await writeFile(
    config,
    `timingPreset: fast
tokens: [{ token: t0ken, username: admin }]
applications:
  - metadata: { name: carts }
    spec:
      project: shop
      source: { repoURL: ${repository.path}, path: carts }
      destination: { namespace: shop }
      syncPolicy: { automated: {} }
`,
  )
  const first = run(['--config', config], folder)
  await eventually(first.text, (text) => text.includes('carts  http'))
  const [, url] = first.text().match(/^url {4}(\S+)$/m) ?? []
  const [, ingress] = first.text().match(/carts {2}(\S+)/) ?? []
  assert.ok(url && ingress, first.text())
  const list = await fetch(`${url}/api/v1/applications`, {
    headers: { authorization: 'Bearer t0ken' },
  })
  assert.equal(list.status, 200)
  await list.text()
  await eventually(() => isServed(ingress), Boolean)
  const get = await fetch(`${url}/api/v1/applications/carts/resource-tree`, {
    headers: { authorization: 'Bearer t0ken' },
  })
  await get.text()
  const pids = await childrenOf(first.child.pid)
  assert.equal(pids.length, 1)
  first.child.kill('SIGKILL')
  await first.exited
  await eventually(
    () => pids.some(isAlive),
    (some) => !some,
  )

  const second = run(['--config', config], folder)
  await eventually(second.text, (text) => text.includes('carts  http'))
  const [, again] = second.text().match(/carts {2}(\S+)/) ?? []
  await eventually(() => isServed(again ?? ''), Boolean)
  const [pid] = await childrenOf(second.child.pid)
  second.child.kill('SIGTERM')
  assert.equal(await second.exited, 0)
  assert.ok(pid !== undefined && !isAlive(pid))
  await rm(folder, { recursive: true })
})

test('a wrong file or flag is one clear sentence each and exit code 2', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-simulator-command-'))
  const config = join(folder, 'simulator.yaml')
  const outcome = async (text: string) => {
    await writeFile(config, text)
    const { exited, text: output } = run(['--config', config])
    return [await exited, output().trim()]
  }
  assert.deepEqual(await outcome('prot: 1\ntraps: { exactContentType: maybe }\n'), [
    2,
    'traps.exactContentType: Invalid input: expected boolean, received string\noptions: Unrecognized key: "prot"',
  ])
  const [code, message] = await outcome('a: [\n')
  assert.equal(code, 2)
  assert.match(String(message), /simulator\.yaml: .*line 2, column 1/)
  const flag = run(['--nothing'])
  assert.equal(await flag.exited, 2)
  assert.match(flag.text(), /Unknown option '--nothing'/)
  const missing = run(['--config', join(folder, 'none.yaml')])
  assert.equal(await missing.exited, 2)
  assert.match(missing.text(), /^cannot read the configuration: ENOENT/)
  await rm(folder, { recursive: true })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function childrenOf(pid: number | undefined): Promise<number[]> {
  const ps = spawn('ps', ['-o', 'pid=,args=', '--ppid', String(pid)])
  let text = ''
  ps.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await new Promise((resolve) => ps.once('close', resolve))
  return text
    .split('\n')
    .filter((line) => line.includes('sample-service'))
    .map((line) => Number(line.trim().split(' ')[0]))
}
