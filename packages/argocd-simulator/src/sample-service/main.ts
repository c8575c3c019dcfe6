import { behaviourOf } from './behaviour.ts'
import { startSampleServer } from './sample-server.ts'

// Started by the simulator as `node main.ts <version>`. Prints its port as one line of JSON and lives until
// it is told to stop (SIGTERM) or until its parent is gone: the parent holds the other end of stdin, which
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
