// The real programs that tests talk to. A test that needs one skips itself where it is missing; the list of them is printed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PEERS = [
  { name: 'git', isThere: () => succeeds('git', ['--version']) },
  { name: 'git http-backend', isThere: hasGitHttpBackend },
  { name: 'sshd', isThere: hasSshd },
  { name: 'prometheus', isThere: () => succeeds('prometheus', ['--version']) },
  { name: 'victoria-metrics', isThere: () => succeeds('victoria-metrics', ['-version']) },
  { name: 'influxd', isThere: () => succeeds('influxd', ['version']) },
  { name: 'graphite-web', isThere: hasGraphite },
]

/** Names of the peers that this machine does not have. */
export function missingPeers() {
  return PEERS.filter((peer) => !peer.isThere()).map((peer) => peer.name)
}

function succeeds(command, args, options = {}) {
  return spawnSync(command, args, { stdio: 'ignore', ...options }).status === 0
}

/** It is seldom in the search path of people, and does not answer to --version everywhere. */
function hasSshd() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.some((folder) => existsSync(join(folder, 'sshd'))) && succeeds('ssh', ['-V'])
}

/** A module of Debian's own Python, which need not be the first one in the search path. */
function hasGraphite() {
  const isInPath = (process.env.PATH ?? '').split(delimiter).includes('/usr/bin')
  return isInPath && succeeds('/usr/bin/python3', ['-c', 'import graphite, whisper'])
}

/** It is a CGI program: without a request it answers with a status line and fails, but it answers. */
function hasGitHttpBackend() {
  const answer = spawnSync('git', ['http-backend'], {
    encoding: 'utf8',
    env: { ...process.env, REQUEST_METHOD: 'GET', GIT_PROJECT_ROOT: '.', PATH_INFO: '/none' },
  })
  return answer.stdout?.startsWith('Status:') ?? false
}
