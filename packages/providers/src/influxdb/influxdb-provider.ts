import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { InfluxdbConnection } from '@tiphys/contract/connections/influxdb.ts'
import {
  type Asked,
  basicAuthorization,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
} from '../sli/http-sli.ts'
import type { SliReading } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import type { FluxTable } from './flux-csv.ts'
import { complaintOf, readFlux, readInfluxql, readRows } from './influxdb-answer.ts'
import { influxdbLanguage, influxdbOptions } from './influxdb-options.ts'
import { influxdbQuestion } from './influxdb-question.ts'

/** A database, an organization or an endpoint that is not there. */
const NOT_FOUND = 404

/** InfluxDB 1 (InfluxQL), 2 (Flux, or InfluxQL through the endpoint of version 1) and 3 (SQL or InfluxQL). */
export function createInfluxdbProvider(
  connection: {
    readonly name: string
    readonly settings: InfluxdbConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings } = connection
  const base = settings.url.trim().replace(/\/+$/, '')
  const adapter: HttpSliAdapter = {
    title: 'InfluxDB',
    language: (sli) => influxdbLanguage(settings.version, sli),
    aggregate: 'avg',
    question: (asked) => influxdbQuestion({ base, settings }, asked),
    credentials: () => ({ ok: true, headers: credentials(settings) }),
    read: (body, asked) => read(settings, body, asked),
    complaint: complaintOf,
    queryStatuses: [NOT_FOUND],
  }
  return createHttpSliProvider(adapter, connection, power)
}

function credentials(settings: InfluxdbConnection): Record<string, string> {
  const { version, user, password, token, credentialsIn } = settings
  if (token !== undefined) {
    return { authorization: `${version === 2 ? 'Token' : 'Bearer'} ${token}` }
  }
  if (user === undefined || credentialsIn === 'query') return {}
  return { authorization: basicAuthorization(user, password ?? '') }
}

function read({ version }: InfluxdbConnection, body: unknown, { sli }: Asked): SliReading {
  const options = influxdbOptions(version, sli)
  // They were good enough for the question.
  if ('kind' in options) return options
  const wish = { column: options.column, isAggregated: sli.aggregate !== undefined }
  // Such a question has its answer parsed to tables.
  if (options.language === 'flux') return readFlux(body as readonly FluxTable[], wish)
  return version === 3 ? readRows(body, wish) : readInfluxql(body, wish)
}
