/**
 * The functions of PromQL with what they take and give, as Prometheus 3 declares them (promql/parser/functions.go), the experimental ones
 * too, and what older servers called otherwise. `?`: may be left out; `*`: as often as one likes, also never.
 */
export type PromqlType = 'scalar' | 'vector' | 'matrix' | 'string'

export type PromqlFunction = {
  readonly takes: readonly PromqlType[]
  readonly minimum: number
  /** Infinity: the last one may be repeated. */
  readonly maximum: number
  readonly gives: PromqlType
}

const DECLARED: Readonly<Record<string, string>> = {
  'matrix -> vector': `absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate
    last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time
    ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time`,
  'vector -> vector': `abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count
    histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt start_timestamp tan tanh timestamp`,
  'vector? -> vector': 'day_of_month day_of_week day_of_year days_in_month hour minute month year',
  'vector scalar -> vector': 'clamp_max clamp_min',
  'vector scalar scalar -> vector': 'clamp',
  'vector scalar? -> vector': 'round',
  'vector vector? -> vector': 'info',
  'vector string* -> vector': 'sort_by_label sort_by_label_desc',
  'vector string string string string -> vector': 'label_replace',
  'vector string string string* -> vector': 'label_join',
  'vector string scalar scalar* -> vector': 'histogram_quantiles',
  'scalar vector -> vector': 'histogram_quantile',
  'scalar scalar vector -> vector': 'histogram_fraction',
  'scalar matrix -> vector': 'quantile_over_time',
  'matrix scalar -> vector': 'predict_linear',
  'matrix scalar scalar -> vector': 'double_exponential_smoothing holt_winters',
  'scalar -> vector': 'vector',
  'vector -> scalar': 'scalar',
  'scalar scalar -> scalar': 'max_of min_of',
  ' -> scalar': 'end pi range start step time',
}

const TYPES: readonly PromqlType[] = ['scalar', 'vector', 'matrix', 'string']

/** By name. */
export const PROMQL_FUNCTIONS: ReadonlyMap<string, PromqlFunction> = new Map(
  Object.entries(DECLARED).flatMap(([signature, names]) => {
    const declared = functionOf(signature)
    return names.split(/\s+/).map((name): [string, PromqlFunction] => [name, declared])
  }),
)

function functionOf(signature: string): PromqlFunction {
  const [left = '', right = ''] = signature.split(' -> ')
  const words = left.split(' ').filter((word) => word !== '')
  const optional = words.filter((word) => /[?*]$/.test(word)).length
  return {
    takes: words.flatMap((word) => promqlType(word.replace(/[?*]$/, ''))),
    minimum: words.length - optional,
    maximum: words.some((word) => word.endsWith('*')) ? Number.POSITIVE_INFINITY : words.length,
    gives: promqlType(right)[0] ?? 'vector',
  }
}

function promqlType(word: string): PromqlType[] {
  return TYPES.filter((type) => type === word)
}

/** What stands before the vector of an aggregation, where something does. */
export const AGGREGATION_PARAMETERS: Readonly<Record<string, PromqlType | undefined>> = {
  bottomk: 'scalar',
  count_values: 'string',
  limit_ratio: 'scalar',
  limitk: 'scalar',
  quantile: 'scalar',
  topk: 'scalar',
}

export const AGGREGATIONS: readonly string[] = [
  ...Object.keys(AGGREGATION_PARAMETERS),
  ...['avg', 'count', 'group', 'max', 'min', 'stddev', 'stdvar', 'sum'],
]

/** Functions that only VictoriaMetrics knows: in a file they are no mistake, and no PromQL either. */
export const METRICSQL_FUNCTIONS: ReadonlySet<string> = new Set(
  `aggr_over_time alias any ascent_over_time bitmap_and bitmap_or bitmap_xor bottomk_avg bottomk_last bottomk_max bottomk_median bottomk_min
  buckets_limit changes_prometheus count_eq_over_time count_gt_over_time count_le_over_time count_ne_over_time count_values_over_time
  decreases_over_time default_rollup delta_prometheus deriv_fast descent_over_time distinct distinct_over_time drop_common_labels
  drop_empty_series duration_over_time geomean geomean_over_time histogram histogram_over_time histogram_share hoeffding_bound_lower
  hoeffding_bound_upper ideriv increase_prometheus increase_pure increases_over_time integrate interpolate keep_last_value keep_next_value
  label_copy label_del label_graphite_group label_keep label_lowercase label_map label_match label_mismatch label_move label_set
  label_transform label_uppercase label_value labels_equal lag lifetime limit_offset mad median median_over_time mode mode_over_time now
  outlier_iqr_over_time outliers_iqr outliers_mad outliersk prometheus_buckets quantiles quantiles_over_time rand rand_exponential
  rand_normal range_avg range_first range_last range_linear_regression range_mad range_max range_median range_min range_normalize
  range_over_time range_quantile range_stddev range_stdvar range_sum range_trim_outliers range_trim_spikes range_trim_zscore range_zscore
  rate_over_sum rate_prometheus remove_resets rollup rollup_candlestick rollup_delta rollup_deriv rollup_increase rollup_rate
  rollup_scrape_interval ru running_avg running_max running_min running_sum scrape_interval share share_eq_over_time share_gt_over_time
  share_le_over_time smooth_exponential sort_by_label_numeric sort_by_label_numeric_desc stale_samples_over_time sum2 sum2_over_time
  sum_eq_over_time sum_gt_over_time sum_le_over_time tfirst_over_time timestamp_with_name timezone_offset tlast_change_over_time
  tlast_over_time tmax_over_time tmin_over_time topk_avg topk_last topk_max topk_median topk_min ttf union zscore zscore_over_time`.split(
    /\s+/,
  ),
)
