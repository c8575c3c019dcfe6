import type { ServerSettings } from '../../src/settings/load-settings.ts'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'

export type LoggedLine = {
  readonly level: string
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

export type ObservedServer = Omit<Installation, 'argocd'> & {
  /** What was logged, at every level. */
  readonly lines: readonly LoggedLine[]
  /** The page of metrics, as an operator's token sees it. */
  page(): Promise<string>
}

/** Tasks are answered by the test, but for the approval. */
export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks: [{ name: deployment }, { name: evaluation, properties: { executor: external } }]
        - name: rollback
          triggeredOn:
            - event: staging.delivery.finished
              selector: { match: { result: fail } }
          tasks: [{ name: rollback }]
    - name: production
      sequences:
        - name: delivery
          triggeredOn: [{ event: staging.delivery.finished }]
          tasks: [{ name: approval }, { name: deployment }]
`

/** The whole server without Argo CD, so that whoever sends events carries out its tasks. */
export async function openObservedServer(
  settings: Partial<ServerSettings> = {},
): Promise<ObservedServer> {
  const lines: LoggedLine[] = []
  const at = (level: string) => (data: object, message: string) => {
    lines.push({ level, message, data: { ...data } })
  }
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const installation = await openInstallation({ settings, overrides: { log } })
  await installation.client.createProject('shop', SHIPYARD, ['carts', 'cart-db'])
  const { url, token, folder, client, stop, start, restart } = installation
  return {
    url,
    token,
    folder,
    settings: installation.settings,
    client,
    stop,
    start,
    restart,
    [Symbol.asyncDispose]: () => installation[Symbol.asyncDispose](),
    lines,
    async page() {
      return (await installation.client.ask('GET', '/metrics')).text
    },
  }
}

/** The number behind `name{label="value"}`, labels in any order; undefined when there is no such series. */
export function sample(
  page: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const found = page.split('\n').filter((line) => {
    const [series = ''] = line.split(' ')
    return series.replace(/\{.*/, '') === name && wanted.every((one) => series.includes(one))
  })
  if (found.length === 0) return undefined
  return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
