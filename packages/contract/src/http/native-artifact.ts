import { z } from 'zod'

/** A file that a test of a run left: its log, a report, a screenshot. */
export const Artifact = z.object({
  /** `test-1/e2e/output.log`: task and its place in the sequence, test, file. */
  name: z.string(),
  sizeBytes: z.number(),
  contentType: z.string(),
  at: z.string(),
  /** Where it is fetched; the path, where the server does not know how people reach it. */
  url: z.string(),
})
export type Artifact = z.infer<typeof Artifact>

export const ArtifactList = z.object({ artifacts: z.array(Artifact) })
export type ArtifactList = z.infer<typeof ArtifactList>

/** The URL path of one artifact; each part of its name is encoded. */
export function artifactPath(runId: string, name: string): string {
  const parts = name.split('/').map(encodeURIComponent).join('/')
  return `/api/tiphys/v1/runs/${encodeURIComponent(runId)}/artifacts/${parts}`
}
