/** What stands for every value beyond the bound. */
export const OTHER = 'other'

export type LabelBound = (value: string) => string

/**
 * Lets the first `most` different values through and calls all later ones `other`: a metric must not grow with what users name things.
 * Which ones came first may differ after a restart.
 */
export function createLabelBound(most: number): LabelBound {
  const known = new Set<string>()
  return (value) => {
    if (known.has(value)) return value
    if (known.size >= most) return OTHER
    known.add(value)
    return value
  }
}
