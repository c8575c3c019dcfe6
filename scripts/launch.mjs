#!/usr/bin/env node
// Runs a script of this checkout with Node 24, from any Node >= 20: installs when the lock file changed, then takes
// the Node that calls us if it is new enough, else the one that npm brought (node_modules/.bin/node).
// Plain JavaScript on purpose: this is the one file an old Node has to understand.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED_MAJOR = 24
const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Runs `node <args>` with a Node that is new enough and ends this process with its exit code. */
export async function launch(args) {
  installIfLockChanged()
  if (isNewEnough(process.versions.node) && args[0] !== undefined && !args[0].startsWith('-')) {
    const script = resolve(root, args[0])
    process.argv = [process.execPath, script, ...args.slice(1)]
    await import(pathToFileURL(script).href)
    return
  }
  const script = args.findIndex((argument) => !argument.startsWith('-'))
  const absolute = args.map((argument, index) =>
    index === script ? resolve(root, argument) : argument,
  )
  const child = spawn(pickNode(), [...process.execArgv, ...absolute], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A terminal sends Ctrl-C to the child too; a second one would mean "do not wait for the shutdown".
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === 'SIGINT' ? 2 : 15)
  })
}

function installIfLockChanged() {
  const lock = join(root, 'package-lock.json')
  const stamp = join(root, 'node_modules', '.tiphys-lock')
  if (!existsSync(lock)) return
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write('Installing what package-lock.json names (once) …\n')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const install = spawnSync(
    npm,
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    },
  )
  if (install.status !== 0) {
    process.stderr.write('npm ci failed: the lines above say why. Nothing was started.\n')
    process.exit(2)
  }
  writeFileSync(stamp, wanted)
}

function pickNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  const brought = join(
    root,
    'node_modules',
    '.bin',
    process.platform === 'win32' ? 'node.cmd' : 'node',
  )
  if (existsSync(brought)) return brought
  process.stderr.write(
    `Tiphys needs Node ${NEEDED_MAJOR} or newer, this is ${process.versions.node}, and npm brought none for ${process.platform}-${process.arch}: install Node ${NEEDED_MAJOR}.\n`,
  )
  process.exit(2)
}

function isNewEnough(version) {
  return Number(version.split('.')[0]) >= NEEDED_MAJOR
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await launch(process.argv.slice(2))
}
