import type { IntegrationEntry } from '@tiphys/contract/http/native-integration.ts'
import { confirmDeletion } from '../ask.ts'
import type { HttpClient } from '../client/http-client.ts'
import { listIntegrations, subscribe, unregister, unsubscribe } from '../client/integrations.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printLine, printNote } from '../output/print.ts'
import { checkName } from './target.ts'

type SubscriptionOptions = GlobalOptions & {
  readonly event: string
  readonly project: readonly string[]
  readonly stage: readonly string[]
  readonly service: readonly string[]
}

const EVENT_PREFIX = 'sh.keptn.event.'
/** What can be polled: the beginning of a task or a sequence. */
const HEARD = /^sh\.keptn\.event\.[^*>]+\.triggered$/

/** The id of the new subscription is the output. */
export async function createSubscription(
  options: SubscriptionOptions,
  [wanted = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const { event: written, project: projects, stage: stages, service: services } = options
  const event = written.startsWith('sh.keptn.') ? written : EVENT_PREFIX + written
  if (!HEARD.test(event)) {
    throw new CommandFailure(
      `${event} is never heard: integrations hear of what begins, like test.triggered`,
    )
  }
  const client = openClient(options)
  const integration = await findIntegration(client, wanted)
  const filter = { projects: [...projects], stages: [...stages], services: [...services] }
  const id = await subscribe(client, integration.id, { event, filter })
  printNote(`${integration.name} listens to ${event} from its next ping on.`)
  printLine(id)
  return undefined
}

export async function deleteSubscription(
  options: GlobalOptions,
  [wanted = '', id = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const integration = await findIntegration(client, wanted)
  const known = integration.subscriptions.find((one) => one.id === id)
  if (known === undefined) {
    const ids = integration.subscriptions.map((one) => `${one.id} (${one.event})`)
    throw new CommandFailure(
      `${integration.name} has no subscription ${id}; it has ${ids.join(', ') || 'none'}`,
    )
  }
  await confirmDeletion(`the subscription of ${integration.name} to ${known.event}`, options)
  await unsubscribe(client, integration.id, id)
  printNote(`${integration.name} no longer listens to ${known.event}.`)
  return undefined
}

export async function deleteIntegration(
  options: GlobalOptions,
  [wanted = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const integration = await findIntegration(client, wanted)
  await confirmDeletion(`integration ${integration.name}`, options)
  await unregister(client, integration.id)
  printNote(`Integration ${integration.name} is forgotten; it comes back when the service starts.`)
  return undefined
}

/** By id, or by a name that only one has. */
async function findIntegration(client: HttpClient, wanted: string): Promise<IntegrationEntry> {
  const all = await listIntegrations(client)
  const found = all.filter(({ id, name }) => id === wanted || name === wanted)
  const [integration, another] = found
  if (another !== undefined) {
    const ids = found.map(({ id, namespace, hostname }) => `${id} (${namespace}, ${hostname})`)
    throw new CommandFailure(`${found.length} integrations are called ${wanted}: ${ids.join(', ')}`)
  }
  if (integration !== undefined) return integration
  const names = all.map(({ name }) => name)
  checkName('integration', wanted, names, 'the server')
  throw new CommandFailure(`there is no integration ${wanted}`)
}
