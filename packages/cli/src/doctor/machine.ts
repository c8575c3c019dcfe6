import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Finding } from './finding.ts'

const NEEDED_NODE = 24
/** `git -c` from the environment, `--end-of-options` and partial reads of objects are there since then. */
const NEEDED_GIT = [2, 31] as const

export function checkNode(version: string): Finding {
  const isEnough = Number(version.split('.')[0]) >= NEEDED_NODE
  return {
    name: 'node',
    state: isEnough ? 'good' : 'wrong',
    message: isEnough ? version : `${version} is too old; ${NEEDED_NODE} or newer is needed`,
  }
}

export function checkGit(): Finding {
  const answer = spawnSync('git', ['--version'], { encoding: 'utf8' })
  const version = /(\d+)\.(\d+)[.\d]*/.exec(answer.stdout ?? '')
  if (answer.status !== 0 || version === null) {
    return { name: 'git', state: 'wrong', message: 'it is not installed; projects are kept in Git' }
  }
  const [text, major, minor] = version
  const isEnough =
    Number(major) > NEEDED_GIT[0] ||
    (Number(major) === NEEDED_GIT[0] && Number(minor) >= NEEDED_GIT[1])
  const message = isEnough ? text : `${text} is too old; ${NEEDED_GIT.join('.')} or newer is needed`
  return { name: 'git', state: isEnough ? 'good' : 'wrong', message }
}

/** A server on another machine has its data there: that there is none here is worth a note at most. */
export function checkDataDirectory(folder: string): Finding {
  const name = 'data'
  const path = resolve(folder)
  if (!existsSync(path)) {
    const parent = nearestExisting(path)
    return isWritable(parent)
      ? { name, state: 'note', message: `${path} is not there yet; the first start makes it` }
      : {
          name,
          state: 'wrong',
          message: `${path} is not there and cannot be made: no right to write in ${parent}`,
        }
  }
  if (!statSync(path).isDirectory()) {
    return { name, state: 'wrong', message: `${path} is no folder; choose another with --data-dir` }
  }
  if (!isWritable(path)) {
    return { name, state: 'wrong', message: `no right to write in ${path}` }
  }
  const hasLog = existsSync(join(path, 'tiphys.db'))
  return { name, state: 'good', message: hasLog ? path : `${path} (no log in it yet)` }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path))
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
