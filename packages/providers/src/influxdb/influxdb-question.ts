import type { InfluxdbConnection } from '@tiphys/contract/connections/influxdb.ts'
import { INFLUXQL, SQL } from '@tiphys/core/evaluation/query-language.ts'
import type { Asked, SliQuestion } from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import { whyNotReading } from '../sli/sql-statement.ts'
import { parseAnnotatedCsv } from './flux-csv.ts'
import { type InfluxdbOptions, influxdbOptions } from './influxdb-options.ts'

type Source = { readonly base: string; readonly settings: InfluxdbConnection }

/** The request for one indicator, by the connection's version and the indicator's language. */
export function influxdbQuestion(source: Source, { text, sli }: Asked): SliQuestion | SliFailure {
  const { version } = source.settings
  const options = influxdbOptions(version, sli)
  if ('kind' in options) return options
  if (options.language === 'flux') return fluxQuestion(source, text)
  const writes = whyNotReading(text, options.language === 'sql' ? SQL : INFLUXQL)
  if (writes !== undefined) return failure('query-refused', writes)
  return version === 3 ? questionOf3(source, text, options) : questionOf1(source, text, options)
}

function fluxQuestion({ base, settings }: Source, text: string): SliQuestion | SliFailure {
  const { organization } = settings
  if (organization === undefined) {
    return failure('query-refused', 'Flux needs the organization of the connection')
  }
  const parameters = new URLSearchParams({ org: organization })
  return {
    url: `${base}/api/v2/query?${parameters}`,
    method: 'POST',
    headers: { 'content-type': 'application/vnd.flux', accept: 'application/csv' },
    body: text,
    parse: parseAnnotatedCsv,
  }
}

/** `/query` of version 1, which version 2 still answers. */
function questionOf1(
  { base, settings }: Source,
  text: string,
  options: InfluxdbOptions,
): SliQuestion {
  const database = options.database ?? settings.database
  const { retentionPolicy, credentialsIn, user, password } = settings
  const parameters = new URLSearchParams({
    ...(database === undefined ? {} : { db: database }),
    ...(retentionPolicy === undefined ? {} : { rp: retentionPolicy }),
    q: text,
    // Times come as numbers, which need no zone.
    epoch: 'ms',
  })
  const link = `${base}/query?${parameters}`
  if (credentialsIn === 'query') {
    parameters.set('u', user ?? '')
    parameters.set('p', password ?? '')
  }
  return { url: `${base}/query?${parameters}`, link: withoutUser(link) }
}

function questionOf3(
  { base, settings }: Source,
  text: string,
  { database, language }: InfluxdbOptions,
): SliQuestion {
  return {
    url: `${base}/api/v3/${language === 'sql' ? 'query_sql' : 'query_influxql'}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ db: database ?? settings.database, q: text, format: 'json' }),
  }
}

function withoutUser(address: string): string {
  const link = new URL(address)
  link.username = ''
  link.password = ''
  return link.href
}
