import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Repository } from './repository.ts'

/** Copies of all repositories that applications name, in one temporary folder that goes with the simulator. */
export class Repositories {
  readonly #directory: string
  readonly #byUrl = new Map<string, Repository>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Takes a path, a `file://` URL or anything else that git can fetch from. */
  get(url: string): Repository {
    const known = this.#byUrl.get(url)
    if (known !== undefined) return known
    const fetchUrl = url.startsWith('file://') ? fileURLToPath(url) : url
    const repository = new Repository(fetchUrl, this.#directory, this.#byUrl.size)
    this.#byUrl.set(url, repository)
    return repository
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

export async function createRepositories(): Promise<Repositories> {
  return new Repositories(await mkdtemp(join(tmpdir(), 'tiphys-argocd-simulator-')))
}
