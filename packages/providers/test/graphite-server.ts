import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingPeer, type RunningPeer, startPeer } from './peer-process.ts'

/** Debian's own Python has Debian's modules; another one that comes first in the path has not. */
const PYTHON = '/usr/bin/python3'
const SERVER = fileURLToPath(new URL('graphite-server.py', import.meta.url))

/** Seconds between two points, as Graphite keeps them. */
export const STEP_S = 10

export function missingGraphite(): string | false {
  return missingPeer(PYTHON, ['-c', 'import graphite, whisper'])
}

/** Value and Unix seconds, by name of the series. */
export type GraphiteSeries = Readonly<Record<string, readonly (readonly [number, number])[]>>

/** A graphite-web over files that hold these series: what Carbon would have written. Graphite keeps nothing that is much older than now. */
export async function startGraphite(
  series: GraphiteSeries,
): Promise<Pick<RunningPeer, 'stop'> & { readonly url: string }> {
  const peer = await startPeer(1, async ({ folder, ports: [port] }) => {
    await writeFile(join(folder, 'peer_settings.py'), settings(folder))
    return {
      command: PYTHON,
      args: ['-B', SERVER, String(port), String(STEP_S)],
      input: JSON.stringify(series),
      readyUrl: `http://127.0.0.1:${port}/version`,
    }
  })
  return { url: `http://127.0.0.1:${peer.place.ports[0]}`, stop: peer.stop }
}

/** Everything inside the folder, no Carbon to ask, nothing logged to files. */
function settings(folder: string): string {
  const at = (name: string) => JSON.stringify(join(folder, name))
  return `
SECRET_KEY = 'of the tests'
ALLOWED_HOSTS = ['127.0.0.1']
TIME_ZONE = 'UTC'
STORAGE_DIR = CONF_DIR = LOG_DIR = ${JSON.stringify(folder)}
WHISPER_DIR = ${at('whisper')}
STANDARD_DIRS = [WHISPER_DIR]
INDEX_FILE = ${at('index')}
LOG_FILE_INFO = LOG_FILE_EXCEPTION = LOG_FILE_CACHE = LOG_FILE_RENDERING = '-'
CARBONLINK_HOSTS = []
CLUSTER_SERVERS = []
REPLICATION_FACTOR = 0
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ${at('graphite.db')}}}
`
}
