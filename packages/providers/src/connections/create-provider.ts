import type { Connection } from '@tiphys/contract/connections/connections.ts'
import type { ProviderPower } from '../sli/http-sli.ts'
import type { SliProvider } from '../sli/sli-provider.ts'

/** A provider for each connection, made once: tokens that it was given last longer than one evaluation. */
export function createProviders(power: ProviderPower): (connection: Connection) => SliProvider {
  const made = new Map<Connection, SliProvider>()
  return (connection) => {
    const provider = made.get(connection) ?? createProvider(connection, power)
    made.set(connection, provider)
    return provider
  }
}

/** The provider of a connection. Its adapter, with what that needs, is loaded with the first question: most servers ask one system of eleven. */
export function createProvider(connection: Connection, power: ProviderPower): SliProvider {
  let loading: Promise<SliProvider> | undefined
  return {
    name: connection.name,
    async fetchValue(request) {
      loading ??= load(connection, power)
      return await (await loading).fetchValue(request)
    },
  }
}

/** One line for each kind of metrics system. */
async function load(connection: Connection, power: ProviderPower): Promise<SliProvider> {
  switch (connection.kind) {
    case 'prometheus':
      return (await import('../prometheus/prometheus-provider.ts')).createPrometheusProvider(
        connection,
        power,
      )
    case 'http-json':
      return (await import('../http-json/http-json-provider.ts')).createHttpJsonProvider(
        connection,
        power,
      )
    case 'datadog':
      return (await import('../datadog/datadog-provider.ts')).createDatadogProvider(
        connection,
        power,
      )
    case 'cloudwatch':
      return (await import('../cloudwatch/cloudwatch-provider.ts')).createCloudWatchProvider(
        connection,
        power,
      )
    case 'google-cloud-monitoring':
      return (
        await import('../google-cloud-monitoring/google-cloud-monitoring-provider.ts')
      ).createGoogleCloudMonitoringProvider(connection, power)
    case 'splunk':
      return (await import('../splunk/splunk-provider.ts')).createSplunkProvider(connection, power)
    case 'dynatrace':
      return (await import('../dynatrace/dynatrace-provider.ts')).createDynatraceProvider(
        connection,
        power,
      )
    case 'newrelic':
      return (await import('../newrelic/newrelic-provider.ts')).createNewRelicProvider(
        connection,
        power,
      )
    case 'influxdb':
      return (await import('../influxdb/influxdb-provider.ts')).createInfluxdbProvider(
        connection,
        power,
      )
    case 'graphite':
      return (await import('../graphite/graphite-provider.ts')).createGraphiteProvider(
        connection,
        power,
      )
    case 'elasticsearch':
      return (
        await import('../elasticsearch/elasticsearch-provider.ts')
      ).createElasticsearchProvider(connection, power)
    default:
      return connection satisfies never
  }
}
