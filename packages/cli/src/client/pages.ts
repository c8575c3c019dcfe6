/** A list endpoint must not keep us for ever, whatever it answers. */
const MAX_PAGES = 1_000

type Page = { readonly nextPageKey?: string | number | undefined }

/**
 * Every item of a paged list. The key of the next page is text or a number; empty, zero or missing is the end
 * (facts/keptn-v1.md 2.1).
 * @param maxPages stop after so many pages.
 */
export async function allPages<P extends Page, T>(
  fetchPage: (nextPageKey: string | undefined) => Promise<P>,
  itemsOf: (page: P) => readonly T[],
  maxPages = MAX_PAGES,
): Promise<T[]> {
  const items: T[] = []
  let key: string | undefined
  for (let count = 0; count < maxPages; count++) {
    const page = await fetchPage(key)
    items.push(...itemsOf(page))
    const next = String(page.nextPageKey ?? '')
    if (next === '' || next === '0' || next === key) return items
    key = next
  }
  return items
}
