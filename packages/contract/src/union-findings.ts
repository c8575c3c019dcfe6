import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * The findings of a choice (`one, or a list of them`) as those of the choice that was meant, at their own places. A choice was not meant
 * where the very value is of another type; where that leaves several, or none, the finding stays one.
 */
export function openUnions(issues: readonly Issue[]): readonly Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue]
    const [meant, second] = issue.errors.filter((choice) => !choice.some(isOfAnotherType))
    if (meant === undefined || second !== undefined) return [issue]
    const placed = meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    return openUnions(placed)
  })
}

function isOfAnotherType(issue: Issue): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_type') return true
  return (
    issue.code === 'invalid_union' && issue.errors.every((choice) => choice.some(isOfAnotherType))
  )
}
