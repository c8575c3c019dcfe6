import type { Connection } from '@tiphys/contract/connections/connections.ts'
import { createCloudWatchProvider } from '../cloudwatch/cloudwatch-provider.ts'
import { createDatadogProvider } from '../datadog/datadog-provider.ts'
import { createDynatraceProvider } from '../dynatrace/dynatrace-provider.ts'
import { createElasticsearchProvider } from '../elasticsearch/elasticsearch-provider.ts'
import { createGoogleCloudMonitoringProvider } from '../google-cloud-monitoring/google-cloud-monitoring-provider.ts'
import { createGraphiteProvider } from '../graphite/graphite-provider.ts'
import { createHttpJsonProvider } from '../http-json/http-json-provider.ts'
import { createInfluxdbProvider } from '../influxdb/influxdb-provider.ts'
import { createNewRelicProvider } from '../newrelic/newrelic-provider.ts'
import { createPrometheusProvider } from '../prometheus/prometheus-provider.ts'
import type { ProviderPower } from '../sli/http-sli.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { createSplunkProvider } from '../splunk/splunk-provider.ts'

/** A provider for each connection, made once: tokens that it was given last longer than one evaluation. */
export function createProviders(power: ProviderPower): (connection: Connection) => SliProvider {
  const made = new Map<Connection, SliProvider>()
  return (connection) => {
    const provider = made.get(connection) ?? createProvider(connection, power)
    made.set(connection, provider)
    return provider
  }
}

/** The adapter of a connection; one line for each kind of metrics system. */
export function createProvider(connection: Connection, power: ProviderPower): SliProvider {
  switch (connection.kind) {
    case 'prometheus':
      return createPrometheusProvider(connection, power)
    case 'http-json':
      return createHttpJsonProvider(connection, power)
    case 'datadog':
      return createDatadogProvider(connection, power)
    case 'cloudwatch':
      return createCloudWatchProvider(connection, power)
    case 'google-cloud-monitoring':
      return createGoogleCloudMonitoringProvider(connection, power)
    case 'splunk':
      return createSplunkProvider(connection, power)
    case 'dynatrace':
      return createDynatraceProvider(connection, power)
    case 'newrelic':
      return createNewRelicProvider(connection, power)
    case 'influxdb':
      return createInfluxdbProvider(connection, power)
    case 'graphite':
      return createGraphiteProvider(connection, power)
    case 'elasticsearch':
      return createElasticsearchProvider(connection, power)
    default:
      return connection satisfies never
  }
}
