/**
 * Every metric there is: its kind, its labels, and one sentence. docs/observing.md says of each what to do with it (a test compares the two).
 * No label ever holds a service, a context, a URL or a message: their number has no end. Labels that users name are bounded by the meter.
 */
export type MetricDefinition = {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
  /** Upper bounds, in the unit that the name ends with. */
  readonly buckets?: readonly number[]
}

/** Work that people wait for: seconds to a day. */
const WORK_SECONDS = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400]
/** From trigger to production, and from failure to repair: minutes to a month. */
const DELIVERY_SECONDS = [60, 300, 900, 3_600, 14_400, 86_400, 259_200, 604_800, 2_592_000]
/** Calls of other systems. */
const CALL_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60]
const REQUEST_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const COMMIT_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const GROUP_UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

const RUN = ['project', 'stage', 'sequence'] as const
const PLACE = ['project', 'stage'] as const

const DELIVERY = {
  tiphys_events_total: counter(['kind', 'outcome'], 'Events handed in, by what became of them'),
  tiphys_runs_started_total: counter(RUN, 'Runs begun'),
  tiphys_runs_ended_total: counter([...RUN, 'result'], 'Runs over, by how they ended'),
  tiphys_run_duration_seconds: histogram(
    PLACE,
    WORK_SECONDS,
    'From the trigger of a run to its end',
  ),
  tiphys_task_duration_seconds: histogram(
    ['task', 'result'],
    WORK_SECONDS,
    'From the moment a task was due to its end',
  ),
  tiphys_deadlines_missed_total: counter(
    ['task', 'why'],
    'Tasks given up because their time was over',
  ),
  tiphys_evaluations_total: counter([...PLACE, 'result'], 'Evaluations over, by verdict'),
  tiphys_deployments_total: counter(
    [...PLACE, 'way', 'result'],
    'Deployments over: made by Tiphys (controlled) or by Argo CD itself (observed)',
  ),
  tiphys_lead_time_seconds: histogram(
    PLACE,
    DELIVERY_SECONDS,
    'From the first trigger of a context to its deployment in a stage',
  ),
  tiphys_changes_total: counter(
    [...PLACE, 'result'],
    'Runs that deployed something, by their verdict',
  ),
  tiphys_time_to_restore_seconds: histogram(
    PLACE,
    DELIVERY_SECONDS,
    'From a failed change to the rollback or the good change that repaired it',
  ),
} as const

const STATE = {
  tiphys_runs_open: gauge(['project'], 'Runs that are not over'),
  tiphys_runs_waiting: gauge(
    ['project', 'waiting_for'],
    'Open runs by what they wait for; one that waits for two things counts under both',
  ),
  tiphys_oldest_wait_seconds: gauge(
    ['waiting_for'],
    'How long the one that waits longest has waited',
  ),
  tiphys_lanes_waiting: gauge(
    [],
    'Lanes (project, stage, service) in which a run waits for its turn',
  ),
  tiphys_approvals_open: gauge(PLACE, 'Approvals that nobody has decided yet'),
  tiphys_executors_busy: gauge(['task'], 'Built-in executors at work'),
  tiphys_executor_duration_seconds: histogram(
    ['task', 'outcome'],
    WORK_SECONDS,
    'How long a built-in executor was at work on a task',
  ),
  tiphys_outbox_effects: gauge([], 'Effects that wait in the outbox'),
  tiphys_outbox_retrying: gauge([], 'Effects in the outbox that failed at least once'),
  tiphys_outbox_oldest_due_seconds: gauge([], 'How long the effect that is due longest is overdue'),
  tiphys_effects_total: counter(['kind', 'outcome'], 'Tries to carry out an effect of the outbox'),
} as const

const STORE = {
  tiphys_commits_total: counter(['outcome'], 'Units handed to the log'),
  tiphys_commit_duration_seconds: histogram(
    [],
    COMMIT_SECONDS,
    'From handing a unit in to its being on disk',
  ),
  tiphys_commit_group_units: histogram([], GROUP_UNITS, 'Units that shared one transaction'),
  tiphys_log_rows_total: counter([], 'Rows written to the log'),
  tiphys_log_position: gauge([], 'Position of the newest row of the log'),
  tiphys_projections_behind_rows: gauge([], 'Rows of the log that the lists do not show yet'),
  tiphys_data_file_bytes: gauge(['file'], 'Size of a file in the data folder'),
  tiphys_data_free_bytes: gauge([], 'Space that is left where the data folder lies'),
} as const

const SURFACE = {
  tiphys_http_requests_total: counter(['method', 'route', 'status'], 'Requests answered'),
  tiphys_http_request_duration_seconds: histogram(
    ['method', 'route'],
    REQUEST_SECONDS,
    'From the head of a request to the end of its answer; streams are not in it',
  ),
  tiphys_authentications_refused_total: counter(
    ['outcome'],
    'Requests without a token that is known',
  ),
  tiphys_streams_open: gauge([], 'Event streams (SSE) that clients hold open'),
  tiphys_argocd_calls_total: counter(
    ['instance', 'call', 'outcome'],
    'Calls of Argo CD; outcome is ok or what went wrong',
  ),
  tiphys_argocd_call_duration_seconds: histogram(
    ['instance'],
    CALL_SECONDS,
    'How long Argo CD took to answer',
  ),
  tiphys_argocd_watch_connected: gauge(['instance'], '1 while the stream of changes is connected'),
  tiphys_argocd_last_list_timestamp_seconds: gauge(
    ['instance'],
    'When every application was last looked at (reconciled)',
  ),
  tiphys_git_calls_total: counter(
    ['operation', 'outcome'],
    'Git commands that talk to another host',
  ),
  tiphys_git_call_duration_seconds: histogram(['operation'], CALL_SECONDS, 'How long they took'),
} as const

const PROCESS = {
  tiphys_log_lines_total: counter(
    ['level'],
    'Lines logged, also those below the level that is written',
  ),
  tiphys_trace_runs_total: counter(['outcome'], 'Ended runs whose spans were exported, or why not'),
  tiphys_trace_export_failures_total: counter([], 'Tries to reach the OTLP collector that failed'),
  tiphys_trace_behind_rows: gauge([], 'Rows of the log that the trace exporter has not looked at'),
  tiphys_scrape_problems_total: counter(['collector'], 'Gauges that could not be read at a scrape'),
  tiphys_build_info: gauge(['version', 'node'], 'Always 1'),
  process_start_time_seconds: gauge([], 'When the process began'),
  process_cpu_user_seconds_total: counter([], 'CPU in user mode'),
  process_cpu_system_seconds_total: counter([], 'CPU in the kernel'),
  process_resident_memory_bytes: gauge([], 'Memory the process occupies'),
  process_open_fds: gauge([], 'Open files and sockets (Linux)'),
  nodejs_heap_size_used_bytes: gauge([], 'JavaScript heap in use'),
  nodejs_heap_size_total_bytes: gauge([], 'JavaScript heap reserved'),
  nodejs_external_memory_bytes: gauge([], 'Memory of buffers outside the heap'),
  nodejs_eventloop_lag_p50_seconds: gauge([], 'Event loop delay since the last scrape, median'),
  nodejs_eventloop_lag_p99_seconds: gauge(
    [],
    'Event loop delay since the last scrape, 99th percentile',
  ),
  nodejs_eventloop_lag_max_seconds: gauge([], 'Event loop delay since the last scrape, longest'),
} as const

export const METRICS = { ...DELIVERY, ...STATE, ...STORE, ...SURFACE, ...PROCESS } as const

export type MetricName = keyof typeof METRICS
type NameOf<Kind extends MetricDefinition['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]
export type CounterName = NameOf<'counter'>
export type GaugeName = NameOf<'gauge'>
export type HistogramName = NameOf<'histogram'>

/** The labels of a metric, all of them, each with its value. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]['labels'][number], string>
>

function counter<const Labels extends readonly string[]>(labels: Labels, help: string) {
  return { kind: 'counter', labels, help } as const
}

function gauge<const Labels extends readonly string[]>(labels: Labels, help: string) {
  return { kind: 'gauge', labels, help } as const
}

function histogram<const Labels extends readonly string[]>(
  labels: Labels,
  buckets: readonly number[],
  help: string,
) {
  return { kind: 'histogram', labels, help, buckets } as const
}
