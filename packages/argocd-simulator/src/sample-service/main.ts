import { behaviourOf, responseTo } from './behaviour.ts'
import { startSampleServer } from './sample-server.ts'

// Started by the simulator as `node main.ts <version> [job]`. As a job it works once and ends with its verdict as
// exit code. As a service it prints its port as one line of JSON and lives until it is told to stop (SIGTERM) or until its parent is gone: the parent holds the other end of stdin, which
// closes even when the parent is killed with SIGKILL.

const CRASH_EXIT_CODE = 1

const behaviour = behaviourOf(process.argv[2] ?? 'latest')

process.stdin.on('close', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()

if (behaviour.crashesAtStart) {
  process.stderr.write(`version ${behaviour.version} cannot start\n`)
  process.exit(CRASH_EXIT_CODE)
}

if (process.argv[3] === 'job') {
  // A stuck job never ends by itself: the pipe to the parent keeps it alive until somebody stops it.
  if (!behaviour.isNeverReady) {
    const { status, latencyMs } = responseTo(behaviour, 0)
    setTimeout(() => process.exit(status === 200 ? 0 : CRASH_EXIT_CODE), latencyMs)
  }
} else await serve()

async function serve(): Promise<void> {
  const server = await startSampleServer(behaviour)
  process.on('SIGTERM', () => {
    server.close().then(
      () => process.exit(0),
      () => process.exit(CRASH_EXIT_CODE),
    )
  })
  if (behaviour.exitsAfterMs !== undefined) {
    setTimeout(() => process.exit(CRASH_EXIT_CODE), behaviour.readyAfterMs + behaviour.exitsAfterMs)
  }
  process.stdout.write(`${JSON.stringify({ port: server.port })}\n`)
}
