export function huntMutants(_wish: { readonly only: string | undefined }): Promise<number> {
  return Promise.resolve(0)
}
