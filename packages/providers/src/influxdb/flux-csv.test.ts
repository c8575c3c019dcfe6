import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askOnce } from '../../test/ask-once.ts'
import { type Answer, describeProvider } from '../../test/provider-contract.ts'
import type { ProviderPower } from '../sli/http-sli.ts'
import { parseAnnotatedCsv } from './flux-csv.ts'
import { createInfluxdbProvider } from './influxdb-provider.ts'

const FLUX = {
  query: `from(bucket: "shop") |> range(start: {{ start }}, stop: {{ end }}) |> filter(fn: (r) => r.service == "{{ service }}") |> mean()`,
}

function connect(url: string, power: ProviderPower, more: object = {}) {
  const settings = { url, version: 2, organization: 'my org', token: 't0ken', ...more } as const
  return createInfluxdbProvider({ name: 'influxdb', settings }, power)
}

function csv(...lines: string[]): Answer {
  return {
    headers: { 'content-type': 'text/csv; charset=utf-8' },
    body: `${lines.join('\r\n')}\r\n`,
  }
}

const FLUX_HEADER = ',result,table,_start,_stop,_time,_value,_field,_measurement,host,region'
const FLUX_FROM = '2022-12-31T05:41:24Z,2023-01-31T05:41:24.001Z'

/** Of "Annotated CSV" and "POST /api/v2/query" in the documentation of InfluxDB OSS v2: tables, several schemas, errors. */
describeProvider({
  title: 'InfluxDB',
  create: connect,
  secrets: ['t0ken'],
  query: FLUX,
  good: {
    answer: csv(FLUX_HEADER, `,mean,0,${FLUX_FROM},2023-01-01T00:52:00Z,15.43,mem,m,A,east`, ''),
    value: 15.43,
    request({ method, url, headers, body }) {
      assert.deepEqual([method, url], ['POST', '/api/v2/query?org=my+org'])
      assert.equal(headers.authorization, 'Token t0ken')
      assert.equal(headers['content-type'], 'application/vnd.flux')
      assert.equal(headers.accept, 'application/csv')
      assert.equal(
        body,
        `from(bucket: "shop") |> range(start: 2026-01-02T03:04:05.000Z, stop: 2026-01-02T03:09:05.000Z) |> filter(fn: (r) => r.service == "carts") |> mean()`,
      )
    },
  },
  empty: { body: '\r\n' },
  others: {
    'several tables': {
      answer: csv(
        '#group,false,false,true,true,false,false,true,true,true,true',
        '#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string,string',
        '#default,mean,,,,,,,,,',
        FLUX_HEADER,
        `,,0,${FLUX_FROM},2023-01-01T00:52:00Z,15.43,mem,m,A,east`,
        `,,1,${FLUX_FROM},2023-01-01T00:52:00Z,59.25,mem,m,B,east`,
        '',
      ),
      problem: 'several-values',
      message:
        /^query did return 2 series \(_field=mem _measurement=m host=A region=east; .*host=B region=east\)$/,
    },
    'tables of several schemas': {
      answer: csv(
        ',result,table,_value',
        ',_result,0,1',
        '',
        ',result,table,_value,host',
        ',_result,1,2,a',
        '',
      ),
      problem: 'several-values',
      message: /2 series/,
    },
    'an error with status 200': {
      answer: csv('#datatype,string,long', ',error,reference', ',"runtime ""x"" failed",897'),
      problem: 'query-refused',
      message: /^runtime "x" failed$/,
    },
    'an error after a table': {
      answer: csv(
        ',result,table,_value',
        ',_result,0,1',
        '',
        'error,reference',
        'panic: out of memory,',
      ),
      problem: 'query-refused',
      message: /^panic: out of memory$/,
    },
    'no numbers': {
      answer: csv(',result,table,_value', ',_result,0,fast'),
      problem: 'not-a-number',
      message: /^column _value holds "fast", which is no number$/,
    },
    'no column of values': {
      answer: csv(',result,table,p95', ',_result,0,7'),
      problem: 'query-refused',
      message: /^the answer has no column _value; there are result, table, p95$/,
    },
    NaN: {
      answer: csv(',result,table,_value', ',_result,0,NaN'),
      problem: 'not-a-number',
      message: /NaN/,
    },
  },
  refusal: {
    answer: {
      status: 400,
      body: { code: 'invalid', message: 'compilation failed: error @1:8-1:9: invalid expression' },
    },
    words: /^InfluxDB refused the query \(400\): compilation failed: error @1:8/,
  },
  templated: { query: 'from(bucket: "a") |> filter(fn: (r) => r.x == "{{ labels.hostile }}")' },
})

test('Flux over time, from a column of another name', async () => {
  const answer = csv(
    ',result,table,_time,_value,p95,host',
    ',_result,0,2023-01-01T00:01:00Z,1,10,a',
    ',_result,0,2023-01-01T00:02:00Z,1,,b',
    ',_result,0,2023-01-01T00:03:00Z,1,30.5,b',
  )
  const { value } = await askOnce(connect, answer, {
    query: { ...FLUX, with: { column: 'p95' } },
  })
  assert.deepEqual(value.detail.series?.points, [
    [Date.UTC(2023, 0, 1, 0, 1), 10],
    [Date.UTC(2023, 0, 1, 0, 3), 30.5],
  ])
  assert.equal(value.value, 20.25)
})

test('what is no annotated CSV is not read as some', () => {
  for (const text of [
    '',
    'ok',
    '<html>',
    'a,b\n1,2',
    ',result,table,_value\n,x,0',
    '"open',
    '[]',
  ]) {
    assert.equal(parseAnnotatedCsv(text), undefined, text)
  }
  assert.deepEqual(parseAnnotatedCsv('\r\n'), [])
  assert.deepEqual(parseAnnotatedCsv(',result,table,_value\r\n\r\n'), [])
})
