export type PageWish = { readonly pageSize: number; readonly nextPageKey: number }

/** The key that goes on after this page as Keptn's text, "0" at the end (facts/keptn-v1.md 2.1). */
export function textKey(page: PageWish, totalCount: number): string {
  const next = page.nextPageKey + page.pageSize
  return next < totalCount ? String(next) : '0'
}

/** The same as a number, left out at the end. */
export function numberKey(page: PageWish, totalCount: number): { nextPageKey?: number } {
  const next = page.nextPageKey + page.pageSize
  return next < totalCount ? { nextPageKey: next } : {}
}

/** One page of a list that is in memory anyway. */
export function pageOf<T>(items: readonly T[], page: PageWish): readonly T[] {
  return items.slice(page.nextPageKey, page.nextPageKey + page.pageSize)
}
