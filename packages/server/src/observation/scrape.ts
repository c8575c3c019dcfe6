import type { Log } from '../ports/log.ts'
import type { PrometheusMeter } from './prometheus-meter.ts'

/** Sets gauges that are read rather than counted. Throwing leaves them as they were. */
export type Collector = { readonly name: string; readonly collect: () => Promise<void> | void }

/**
 * The page of metrics: gauges are read first, each for itself, so that one that cannot be read takes nothing from the others. Scrapes at
 * the same time share the work.
 */
export function createScrape(parts: {
  readonly meter: PrometheusMeter
  readonly log: Log
  readonly collectors: () => readonly Collector[]
}): () => Promise<string> {
  const { meter, log, collectors } = parts
  let running: Promise<string> | undefined

  async function collectOne({ name, collect }: Collector): Promise<void> {
    try {
      await collect()
    } catch (error) {
      meter.count('tiphys_scrape_problems_total', { collector: name })
      log.warn({ error, collector: name }, 'gauges could not be read for the metrics')
    }
  }

  async function scrape(): Promise<string> {
    for (const collector of collectors()) await collectOne(collector)
    return await meter.page()
  }

  return () => {
    running ??= scrape().finally(() => {
      running = undefined
    })
    return running
  }
}
