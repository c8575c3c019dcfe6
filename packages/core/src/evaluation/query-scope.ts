/** What a query may be filled with (facts/keptn-v1.md 4.7). */
export type QueryScope = {
  readonly project: string
  readonly stage: string
  readonly service: string
  /** `data.deployment.deploymentNames[0]`, else the label `deployment`, else `primary`. From the event: not trusted. */
  readonly deployment: string
  /** From the event: not trusted. */
  readonly labels: Readonly<Record<string, string>>
  /** From slo.yaml. */
  readonly filters: Readonly<Record<string, string>>
}

const MS_PER_SECOND = 1000

/** `300s`: whole seconds, rounded up. */
export function durationSeconds(window: { startMs: number; endMs: number }): string {
  return `${Math.ceil((window.endMs - window.startMs) / MS_PER_SECOND)}s`
}

/** `$DEPLOYMENT`, from what the event says. */
export function deploymentOf(
  deploymentName: string | undefined,
  labels: Readonly<Record<string, string>>,
): string {
  return deploymentName || labels['deployment'] || 'primary'
}

export function withoutQuotes(value: string): string {
  return value.replaceAll(/['"]/g, '')
}
