import type { HttpClient } from '../client/http-client.ts'
import { readServerInformation } from '../client/server.ts'
import type { Finding } from './finding.ts'

/** Whether tests may be programs on this server; nothing of a server that does not say. */
export async function checkCommands(client: HttpClient): Promise<Finding[]> {
  const { commands } = await readServerInformation(client)
  if (commands === undefined) return []
  const { enabled, allow } = commands
  if (!enabled) {
    const how = 'tiphys.yaml can allow them with commands: { enabled: true, allow: [k6] }'
    const message = `tests may run no programs; ${how} (docs/security.md)`
    return [{ name: 'commands', state: 'note', message }]
  }
  const which = allow === undefined ? 'every program in the PATH' : allow.join(', ') || 'nothing'
  return [{ name: 'commands', state: 'good', message: `tests may run ${which}` }]
}
