// biome-ignore-all lint/style/noDefaultExport: this is how a CommonJS module appears.
/**
 * The four parts of prom-client that are used, each by itself: the whole package costs 35 ms and 20 MB at start (a cluster registry, quantile
 * digests), these 5 ms and 4 MB.
 */
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client'
  export default Registry
}
declare module 'prom-client/lib/counter.js' {
  import { Counter } from 'prom-client'
  export default Counter
}
declare module 'prom-client/lib/gauge.js' {
  import { Gauge } from 'prom-client'
  export default Gauge
}
declare module 'prom-client/lib/histogram.js' {
  import { Histogram } from 'prom-client'
  export default Histogram
}
