/** A Kubernetes label selector: `a=b,c!=d,e,!f,g in (x,y),h notin (z)`. */
export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean

const NAME = '[A-Za-z0-9._/-]+'
const SET = new RegExp(`^(${NAME})\\s+(in|notin)\\s+\\(([^)]*)\\)$`)
const EQUALITY = new RegExp(`^(${NAME})\\s*(==|=|!=)\\s*([A-Za-z0-9._-]*)$`)
const EXISTENCE = new RegExp(`^(!?)\\s*(${NAME})$`)

/** Undefined if the text is no selector. An empty text selects everything. */
export function parseLabelSelector(text: string): LabelSelector | undefined {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim())
  const requirements = parts.filter((part) => part !== '').map(parseRequirement)
  const known = requirements.filter((requirement) => requirement !== undefined)
  if (known.length < requirements.length) return undefined
  return (labels) => known.every((requirement) => requirement(labels))
}

function parseRequirement(text: string): LabelSelector | undefined {
  const [, setName, operator, list = ''] = text.match(SET) ?? []
  if (setName !== undefined) {
    const values = list.split(',').map((value) => value.trim())
    return (labels) => {
      const value = labels[setName]
      const isListed = value !== undefined && values.includes(value)
      return operator === 'in' ? isListed : !isListed
    }
  }
  const [, name, sign, wanted] = text.match(EQUALITY) ?? []
  if (name !== undefined) {
    return (labels) => (labels[name] === wanted) === (sign !== '!=')
  }
  const [, negation, existing] = text.match(EXISTENCE) ?? []
  if (existing === undefined) return undefined
  return (labels) => Object.hasOwn(labels, existing) === (negation !== '!')
}
