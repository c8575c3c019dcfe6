import { z } from 'zod'
import { CloudWatchConnection } from './cloudwatch.ts'
import { DatadogConnection } from './datadog.ts'
import { DynatraceConnection } from './dynatrace.ts'
import { ElasticsearchConnection } from './elasticsearch.ts'
import { GoogleCloudMonitoringConnection } from './google-cloud-monitoring.ts'
import { GraphiteConnection } from './graphite.ts'
import { HttpJsonConnection } from './http-json.ts'
import { InfluxdbConnection } from './influxdb.ts'
import { NewRelicConnection } from './newrelic.ts'
import { PrometheusConnection } from './prometheus.ts'
import { SplunkConnection } from './splunk.ts'

const MAX_CONNECTIONS = 100

/** What a kind of connection is made of; a line here and one in `ProvidersFile` for each kind of metrics system. */
export const CONNECTION_KINDS = {
  prometheus: PrometheusConnection,
  'http-json': HttpJsonConnection,
  datadog: DatadogConnection,
  cloudwatch: CloudWatchConnection,
  'google-cloud-monitoring': GoogleCloudMonitoringConnection,
  splunk: SplunkConnection,
  dynatrace: DynatraceConnection,
  newrelic: NewRelicConnection,
  influxdb: InfluxdbConnection,
  graphite: GraphiteConnection,
  elasticsearch: ElasticsearchConnection,
} as const

export type ConnectionKind = keyof typeof CONNECTION_KINDS
export type ConnectionSettings<Kind extends ConnectionKind> = z.infer<
  (typeof CONNECTION_KINDS)[Kind]
>

/** One connection, with its secrets read. */
export type Connection = {
  readonly [Kind in ConnectionKind]: {
    readonly kind: Kind
    readonly name: string
    readonly settings: ConnectionSettings<Kind>
    readonly tls?: ConnectionTls
  }
}[ConnectionKind]

/** PEM texts, read from the files that the settings name. */
export type ConnectionTls = {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly insecureSkipVerify?: boolean
}

function oneOrMore<Schema extends z.ZodType>(schema: Schema) {
  return z.union([schema, z.array(schema).max(MAX_CONNECTIONS)]).optional()
}

/** `providers:` of tiphys.yaml: by kind one connection, or a list of them. */
export const ProvidersFile = z.strictObject({
  prometheus: oneOrMore(PrometheusConnection),
  'http-json': oneOrMore(HttpJsonConnection),
  datadog: oneOrMore(DatadogConnection),
  cloudwatch: oneOrMore(CloudWatchConnection),
  'google-cloud-monitoring': oneOrMore(GoogleCloudMonitoringConnection),
  splunk: oneOrMore(SplunkConnection),
  dynatrace: oneOrMore(DynatraceConnection),
  newrelic: oneOrMore(NewRelicConnection),
  influxdb: oneOrMore(InfluxdbConnection),
  graphite: oneOrMore(GraphiteConnection),
  elasticsearch: oneOrMore(ElasticsearchConnection),
})
export type ProvidersFile = z.infer<typeof ProvidersFile>
