import assert from 'node:assert/strict'
import { join } from 'node:path'
import { missingPeer, type RunningPeer, startPeer } from './peer-process.ts'

const PROGRAM = 'victoria-metrics'
const USER = { user: 'tiphys', password: 'p455:word' }
/** As behind a proxy that many stand behind. */
const PREFIX = '/vm'

export function missingVictoriaMetrics(): string | false {
  return missingPeer(PROGRAM, ['-version'])
}

/** A VictoriaMetrics that asks for a password and answers below a path. */
export type RunningVictoriaMetrics = Pick<RunningPeer, 'stop'> &
  typeof USER & {
    readonly url: string
    /** Lines of the text format, with times in milliseconds; seen by every question after it. */
    write(lines: readonly string[]): Promise<void>
  }

export async function startVictoriaMetrics(): Promise<RunningVictoriaMetrics> {
  const peer = await startPeer(1, ({ folder, ports: [port] }) =>
    Promise.resolve({
      command: PROGRAM,
      args: [
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${join(folder, 'data')}`,
        `-http.pathPrefix=${PREFIX}`,
        `-httpAuth.username=${USER.user}`,
        `-httpAuth.password=${USER.password}`,
        '-memory.allowedBytes=64MB',
        '-loggerLevel=ERROR',
      ],
      readyUrl: `http://127.0.0.1:${port}${PREFIX}/health`,
    }),
  )
  const url = `http://127.0.0.1:${peer.place.ports[0]}${PREFIX}`
  const authorization = `Basic ${btoa(`${USER.user}:${USER.password}`)}`
  async function post(path: string, body?: string): Promise<void> {
    const init = { method: 'POST', headers: { authorization }, ...(body && { body }) }
    const answer = await fetch(`${url}${path}`, init)
    assert.ok(answer.ok, await answer.text())
  }
  return {
    ...USER,
    url,
    async write(lines) {
      await post('/api/v1/import/prometheus', lines.join('\n'))
      await post('/internal/force_flush')
    },
    stop: peer.stop,
  }
}
