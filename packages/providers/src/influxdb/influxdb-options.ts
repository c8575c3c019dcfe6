import type { InfluxdbConnection } from '@tiphys/contract/connections/influxdb.ts'
import { FLUX, INFLUXQL, type QueryLanguage, SQL } from '@tiphys/core/evaluation/query-language.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { z } from 'zod'
import { failure, type SliFailure } from '../sli/reading.ts'

const Language = z.enum(['influxql', 'flux', 'sql'])
export type InfluxLanguage = z.infer<typeof Language>

/** `with:` of an indicator in `influxdb/sli.yaml`. */
const InfluxdbOptions = z.strictObject({
  /** Unless set: InfluxQL for version 1, Flux for 2, SQL for 3. */
  language: Language.optional(),
  /** Instead of the connection's. */
  database: z.string().min(1).optional(),
  /** That holds the values; for Flux `_value`, else the only one that holds numbers, unless set. */
  column: z.string().min(1).optional(),
})

export type InfluxdbOptions = z.infer<typeof InfluxdbOptions> & {
  readonly language: InfluxLanguage
}

type Version = InfluxdbConnection['version']

/** By version, the usual one first. */
const SPOKEN: Readonly<Record<Version, readonly InfluxLanguage[]>> = {
  1: ['influxql'],
  2: ['flux', 'influxql'],
  3: ['sql', 'influxql'],
}

const QUOTES: Readonly<Record<InfluxLanguage, QueryLanguage>> = {
  influxql: INFLUXQL,
  flux: FLUX,
  sql: SQL,
}

/** The options, or why they are none. */
export function influxdbOptions(version: Version, sli: SliQuery): InfluxdbOptions | SliFailure {
  const parsed = InfluxdbOptions.safeParse(sli.with ?? {})
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = ['with', ...(issue?.path.map(String) ?? [])].join('.')
    return failure('query-refused', `${place}: ${issue?.message ?? 'is not valid'}`)
  }
  const [usual = 'influxql'] = SPOKEN[version]
  const language = parsed.data.language ?? usual
  if (SPOKEN[version].includes(language)) return { ...parsed.data, language }
  const message = `with.language: InfluxDB ${version} does not speak ${language}; it speaks ${SPOKEN[version].join(' and ')}`
  return failure('query-refused', message)
}

/** Whose words count inside the query; of options that are none, whatever: nothing is asked. */
export function influxdbLanguage(version: Version, sli: SliQuery): QueryLanguage {
  const options = influxdbOptions(version, sli)
  return 'kind' in options ? INFLUXQL : QUOTES[options.language]
}
