import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { shipyardFile, textOf } from '../simulation/shop-files.ts'

/** Files that are what they should be, by the name they have in a project: what is thrown at the house is made of them. */
export type SeedFile = { readonly name: string; readonly text: string }

const EXAMPLES = fileURLToPath(new URL('../../../../examples/', import.meta.url))
/** Beside the checkout, where it is. */
const SHARED = fileURLToPath(new URL('../../../../../shared/fixtures/', import.meta.url))
const LARGEST_BYTES = 64 * 1024

const OWN: readonly SeedFile[] = [
  { name: 'shipyard.yaml', text: textOf(shipyardFile(2 ** 16 - 1)) },
  {
    name: 'tiphys/project.yaml',
    text: `apiVersion: tiphys.dev/v1
targets: ['*.example.com']
sliProvider: prometheus
freezes:
  - { name: weekend, schedule: '0 18 * * 5', duration: 60h, timeZone: Europe/Berlin }
  - { name: year end, from: '2026-12-20T00:00:00Z', to: '2027-01-03T00:00:00Z', stages: [prod] }
stages: { dev: { queue: hold }, prod: { queue: overtake, rollback: git, annotate: true } }
`,
  },
  {
    name: 'slo.yaml',
    text: `spec_version: "1.0"
comparison: { compare_with: several_results, number_of_comparison_results: 3, include_result_with_score: pass_or_warn, aggregate_function: p90 }
objectives:
  - sli: rt_p95
    key_sli: true
    weight: 2
    pass: [{ criteria: ['<=+10%', '<600'] }]
    warning: [{ criteria: ['<=800'] }]
  - sli: error_rate
    pass: [{ criteria: ['<=+1'] }]
total_score: { pass: '90%', warning: '75%' }
`,
  },
  {
    name: 'prometheus/sli.yaml',
    text: `spec_version: '1.0'
indicators:
  rt_p95: histogram_quantile(0.95, sum(rate(http_ms_bucket{job="$SERVICE-$PROJECT-$STAGE"}[$DURATION_SECONDS])) by (le))
  error_rate: sum(rate(http_total{status!~'2..'}[$DURATION_SECONDS]))
`,
  },
  {
    name: 'webhook/webhook.yaml',
    text: `apiVersion: webhookconfig.keptn.sh/v1beta1
kind: WebhookConfig
spec:
  webhooks:
    - type: sh.keptn.event.deployment.finished
      requests: [{ url: 'https://example.com/{{.data.service}}', method: POST, payload: '{"text":"done"}' }]
`,
  },
  {
    name: 'job/config.yaml',
    text: `apiVersion: v2
actions:
  - name: run
    events: [{ name: sh.keptn.event.test.triggered, jsonpath: { property: '$.data.test', match: load } }]
    tasks: [{ name: k6, image: grafana/k6, args: [run, /keptn/load.js] }]
`,
  },
  {
    name: 'values.json',
    text: '{"indicatorValues":[{"metric":"rt_p95","value":312.5,"success":true,"message":""}]}',
  },
]

/** What the house reads by name, and where examples lie under other names. */
const KNOWN =
  /(shipyard|slo|sli|argocd|tests|project|load-closed|load-open|smoke|project-wide)\.ya?ml$/

export function seedFiles(): readonly SeedFile[] {
  const examples = globSync('**/*.yaml', { cwd: EXAMPLES })
    .filter((file) => KNOWN.test(file))
    .sort()
    .map((file) => ({ name: nameOf(file), text: readFileSync(EXAMPLES + file, 'utf8') }))
  return [...OWN, ...examples]
}

/** Real words of Keptn for the values of JSON; nothing where the folder is not. */
export function sharedFixtures(): readonly unknown[] {
  if (!existsSync(SHARED)) return []
  return globSync('*.json', { cwd: SHARED })
    .filter((file) => statSync(SHARED + file).size <= LARGEST_BYTES)
    .sort()
    .map((file) => JSON.parse(readFileSync(SHARED + file, 'utf8')) as unknown)
}

function nameOf(file: string): string {
  const parts = file.replaceAll('\\', '/').split('/')
  const last = parts.at(-1) ?? file
  if (file.includes('tests/') || last === 'tests.yaml') return 'tiphys/tests.yaml'
  if (last === 'project.yaml') return 'tiphys/project.yaml'
  if (last === 'sli.yaml') return 'prometheus/sli.yaml'
  return last
}
