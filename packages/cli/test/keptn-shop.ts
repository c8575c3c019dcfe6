import type { KeptnProject } from './keptn-repository.ts'

/** A project that meets most of what somebody who comes from Keptn has to know. */
export const SHOP: KeptnProject = {
  stages: ['dev', 'production'],
  services: ['carts', 'orders'],
  shipyard: `apiVersion: "spec.keptn.sh/0.2.2"
kind: "Shipyard"
metadata:
  name: "shipyard-shop"
spec:
  stages:
    - name: "dev"
      sequences:
        - name: "delivery"
          tasks:
            - name: "deployment"
              properties:
                deploymentstrategy: "direct"
                replicas: 1
            - name: "test"
              properties:
                teststrategy: "functional"
            - name: "evaluation"
              triggeredAfter: "10m"
              properties:
                timeframe: "5m"
            - name: "release"
        - name: "scan-image"
          tasks:
            - name: "scan"
        - name: "check"
          tasks:
            - name: "test"

    - name: "production"
      sequences:
        - name: "delivery"
          triggeredOn:
            - event: "dev.delivery.finished"
              selector:
                match:
                  result: "pass"
                  evaluation.result: "pass"
          tasks:
            - name: "approval"
              properties:
                pass: "automatic"
            - name: "deployment"
              properties:
                deploymentstrategy: "blue_green_service"
                replicas: 3
            - name: "release"
        - name: "rollback"
          triggeredOn:
            - event: "production.delivery.finished"
              selector:
                match:
                  result: "failed"
          tasks:
            - name: "rollback"
        - name: "check"
          triggeredOn:
            - event: "dev.check.finished"
          tasks:
            - name: "test"
        - name: "remediation"
          triggeredOn:
            - event: "production.remediation.finished"
              selector:
                match:
                  evaluation.result: "fail"
          tasks:
            - name: "get-action"
            - name: "action"
            - name: "evaluation"
              triggeredAfter: "15m"
              properties:
                timeframe: "15m"
`,
  files: { 'prometheus/sli.yaml': 'spec_version: "1.0"\nindicators:\n  error_rate: sum(errors)\n' },
  stageFiles: {
    dev: {
      'webhook/webhook.yaml': `apiVersion: webhookconfig.keptn.sh/v1beta1
kind: WebhookConfig
metadata:
  name: webhook-configuration
spec:
  webhooks:
    - type: sh.keptn.event.scan.triggered
      subscriptionID: 4a5d2f6e
      sendFinished: true
      envFrom:
        - name: scannerToken
          secretRef:
            name: image-scanner
            key: token
      requests:
        - url: https://scanner.example.com/scan
          method: POST
`,
    },
  },
  serviceFiles: {
    'dev/carts': {
      'helm/carts/Chart.yaml': 'apiVersion: v2\nname: carts\nversion: 0.1.0\n',
      'helm/carts.tgz': 'not really a chart',
      'jmeter/load.jmx': '<jmeterTestPlan/>',
      'slo.yaml': `spec_version: "1.0"
comparison:
  aggregate_function: "avg"
  compare_with: "several_results"
objectives:
  - sli: "error_rate"
    weight: 0
    pass:
      - criteria:
          - "<=+10%"
    warning:
      - criteria:
          - "less than 5"
  - sli: "error_rate"
total_score:
  warning: "75%"
`,
    },
    'production/carts': {
      'remediation.yaml': 'apiVersion: spec.keptn.sh/0.1.4\nkind: Remediation\n',
      'dynatrace/sli.yaml': 'indicators:\n  rt: metricSelector=builtin:service.response.time\n',
      'slo.yaml':
        'objectives:\n  - sli: rt\n    pass: [{criteria: ["<500"]}]\ntotal_score: {pass: "90%"}\n',
    },
    'production/orders': { 'notes.md': '# Orders\n' },
  },
}
