import { readFile } from 'node:fs/promises'

export type SecretFile =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** A secret that its platform renews in place: read each time it is needed, without the line break at its end. */
export async function readSecretFile(path: string): Promise<SecretFile> {
  try {
    return { ok: true, text: (await readFile(path, 'utf8')).trim() }
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? String(thrown)
    return { ok: false, message: `${path} cannot be read (${code})` }
  }
}
