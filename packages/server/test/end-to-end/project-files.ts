import { argocdYaml } from './argocd-side.ts'
import type { Installation } from './harness.ts'

/** A delivery with a rollback, and what Argo CD's own deployments are judged by. */
export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata:
  name: shop
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks:
            - name: deployment
            - name: test
            - name: evaluation
        - name: rollback
          triggeredOn:
            - event: staging.delivery.finished
              selector:
                match:
                  result: fail
          tasks:
            - name: rollback
        - name: verify
          tasks:
            - name: test
            - name: evaluation
`

export const PROJECT_YAML = `apiVersion: tiphys.dev/v1
sliProvider: test-results
`

export const TESTS_YAML = `apiVersion: tiphys.dev/v1
tests:
  - name: load
    load:
      model: open
      rate: 20/s
      duration: 1s
      requests:
        - request: GET /
`

export const SLO_YAML = `spec_version: "1.0"
objectives:
  - sli: response_time_p95
    pass:
      - criteria: ["<=200"]
total_score:
  pass: "90%"
  warning: "75%"
`

export type ShopFiles = {
  readonly shipyard?: string
  readonly argocd?: string
  readonly tests?: string
  readonly slo?: string
  readonly project?: string
  /** Where slo.yaml is put; as in Keptn it lies at each service. Default: staging. */
  readonly stages?: readonly string[]
}

/** Project `shop` with service `carts`, configured as these files say; mapped to Argo CD when the installation has one. */
export async function createShop(
  installation: Installation,
  files: ShopFiles = {},
  isMapped = true,
): Promise<void> {
  const { client } = installation
  await client.createProject('shop', files.shipyard ?? SHIPYARD, ['carts'])
  await client.write(
    { project: 'shop' },
    {
      'tiphys/project.yaml': files.project ?? PROJECT_YAML,
      'tiphys/tests.yaml': files.tests ?? TESTS_YAML,
      ...(isMapped
        ? { 'argocd.yaml': files.argocd ?? argocdYaml(installation.argocd.repository) }
        : {}),
    },
  )
  for (const stage of files.stages ?? ['staging']) {
    const place = { project: 'shop', stage, service: 'carts' }
    await client.write(place, { 'slo.yaml': files.slo ?? SLO_YAML })
  }
}
