/** One thing that is thrown at the house: kept as JSON, so that what ever broke something can be thrown again. */
export type FuzzInput = HttpInput | FilesInput

export type HttpInput = {
  readonly kind: 'http'
  readonly method: string
  /** As it goes over the wire, valid or not. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Base64, because it need not be text. */
  readonly body?: string
}

/** Files for `tiphys lint` and `tiphys evaluate`. */
export type FilesInput = {
  readonly kind: 'lint' | 'evaluate'
  /** Text by name. */
  readonly files: Readonly<Record<string, string>>
}

/** For people and for the names of kept files. */
export function describeInput(input: FuzzInput): string {
  if (input.kind !== 'http') return `${input.kind} ${Object.keys(input.files).join(' ')}`
  return `${input.method} ${JSON.stringify(input.path).slice(0, 200)}`
}
