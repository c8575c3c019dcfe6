/** Numbers as people read them. Ratios first: absolute figures change with the machine and its neighbours. */

export function sorted(values: readonly number[]): number[] {
  return [...values].sort((left, right) => left - right)
}

/** The value that this share of all values does not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const inOrder = sorted(values)
  const index = Math.min(inOrder.length - 1, Math.floor(inOrder.length * share))
  return inOrder[index] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

export function ratio(value: number): string {
  return value.toFixed(2)
}

/** How often one is in the other: `3.4×`. */
export function times(value: number): string {
  return `${value.toFixed(1)}×`
}

export function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** `label` in a column of its own, so that figures below each other can be compared. */
export function line(label: string, ...figures: readonly string[]): void {
  console.log(`  ${label.padEnd(LABEL_WIDTH)} ${figures.join('   ')}`)
}

const LABEL_WIDTH = 34
