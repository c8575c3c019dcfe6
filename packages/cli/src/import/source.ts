/** A place where a Keptn project may lie: branches with files. A plain folder has one branch without a commit. */
export interface Source extends AsyncDisposable {
  /** As it was given, for people. */
  readonly name: string
  /** Undefined: the remote's HEAD names none that exists. */
  readonly defaultBranch: string | undefined
  readonly branches: ReadonlySet<string>
  /** No Git: `defaultBranch` stands for the folder. */
  readonly isPlainFolder: boolean
  /** Makes branches readable; those that are not there are left out. */
  bring(branches: readonly string[]): Promise<void>
  /** Undefined for a plain folder. */
  commitOf(branch: string): string | undefined
  list(branch: string): Promise<readonly SourceFile[]>
  /** Of a file that `list` named. */
  read(branch: string, path: string): Promise<Uint8Array>
}

export type SourceFile = {
  readonly path: string
  readonly sizeBytes: number
  /** Symbolic links and submodules are none. */
  readonly isRegular: boolean
}

/** Far more than any Keptn project has; a wrong folder is noticed soon. */
export const MAX_FILES = 20_000
