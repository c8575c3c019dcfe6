/** One thing that the doctor looked at. `note`: nothing is wrong, but somebody may want to know. */
export type Finding = {
  readonly name: string
  readonly state: 'good' | 'note' | 'wrong'
  /** What was found, and where it is wrong what to do. */
  readonly message: string
}
