/**
 * Files that tasks leave behind: logs, reports, screenshots. Kept beside the log by run, for people; nothing is decided from them.
 *
 * A name is what people see (`test-1/e2e/report/index.html`) and never a path on the disk, so that none can lead anywhere.
 */
export interface Artifacts {
  /** Takes the files of one attempt of a task. What an interrupted try of the same attempt left is removed. */
  begin(place: ArtifactPlace): Promise<ArtifactBook>
  /** Of every task of the run, in the order they were kept; empty when there are none. */
  list(projectId: string, runId: string): Promise<readonly Artifact[]>
  /** Undefined when the run has no file of that name. `content` is to be read to its end or destroyed. */
  open(
    projectId: string,
    runId: string,
    name: string,
  ): Promise<{ readonly artifact: Artifact; readonly content: ArtifactContent } | undefined>
  /** Runs that have files. */
  runs(): Promise<readonly { readonly projectId: string; readonly runId: string }[]>
  /** Also when there are none. */
  forgetRuns(projectId: string, runIds: readonly string[]): Promise<void>
  forgetProject(projectId: string): Promise<void>
}

export type ArtifactContent = AsyncIterable<Uint8Array> & { destroy(): unknown }

export type ArtifactPlace = {
  readonly projectId: string
  readonly runId: string
  readonly task: { readonly name: string; readonly index: number; readonly attempt: number }
}

export type Artifact = {
  readonly name: string
  readonly sizeBytes: number
  readonly keptMs: number
}

export interface ArtifactBook {
  /**
   * Keeps a file, or nothing of it. The name is put behind that of the task. A name that is taken is replaced. On disk when it resolves;
   * rejects when `content` does, or the disk.
   */
  keep(name: string, content: AsyncIterable<Uint8Array>): Promise<Kept>
}

export type Kept =
  | { readonly code: 'kept'; readonly artifact: Artifact }
  /** Larger than one file may be. */
  | { readonly code: 'too-large'; readonly limitBytes: number }
  /** The run has as much, or as many, as it may have. */
  | { readonly code: 'full'; readonly limitBytes: number }

export type ArtifactLimits = {
  readonly maxFileBytes: number
  readonly maxRunBytes: number
  readonly maxRunFiles: number
}
