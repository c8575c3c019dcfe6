const BUCKETS_MS = [1, 2.5, 5, 10, 25, 50, 100, 200, 300, 400, 500, 750, 1000, 2500, 5000]

/**
 * Counts requests under the metric names of Keptn's built-in Prometheus queries:
 * `http_requests_total{status,method,handler}` and the histogram `http_response_time_milliseconds`.
 */
export class Metrics {
  readonly #requests = new Map<string, number>()
  readonly #buckets = BUCKETS_MS.map(() => 0)
  #sumMs = 0
  #count = 0

  observe(request: { method: string; path: string; status: number; durationMs: number }): void {
    const labels = `method="${request.method}",handler="${request.path}",status="${request.status}"`
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1)
    this.#sumMs += request.durationMs
    this.#count += 1
    BUCKETS_MS.forEach((bound, index) => {
      if (request.durationMs <= bound) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1
    })
  }

  /** Prometheus text format 0.0.4. */
  text(version: string): string {
    const name = 'http_response_time_milliseconds'
    const lines = [
      '# HELP http_requests_total Requests answered.',
      '# TYPE http_requests_total counter',
      ...[...this.#requests].map(([labels, count]) => `http_requests_total{${labels}} ${count}`),
      `# HELP ${name} Time to answer a request.`,
      `# TYPE ${name} histogram`,
      ...BUCKETS_MS.map((bound, index) => `${name}_bucket{le="${bound}"} ${this.#buckets[index]}`),
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sumMs}`,
      `${name}_count ${this.#count}`,
      '# HELP sample_build_info The version that runs.',
      '# TYPE sample_build_info gauge',
      `sample_build_info{version="${version.replace(/["\\\n]/g, '_')}"} 1`,
    ]
    return `${lines.join('\n')}\n`
  }
}
