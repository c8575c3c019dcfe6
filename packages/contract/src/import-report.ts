import { z } from 'zod'

/**
 * What `tiphys import` says about a Keptn v1 repository (`-o json`).
 * `error`: does not work here as it stands. `changes`: works, and differently. `info`: good to know.
 */
export const ImportSeverity = z.enum(['error', 'changes', 'info'])
export type ImportSeverity = z.infer<typeof ImportSeverity>

export const ImportFinding = z.strictObject({
  severity: ImportSeverity,
  /** Stable; docs/import.md names the important ones. */
  code: z.string(),
  /** The server would refuse it, so `--apply` creates nothing. */
  refused: z.boolean(),
  /** Path on its branch; left out where it is about the whole project. */
  file: z.string().optional(),
  branch: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  /** 1-based. */
  line: z.int().positive().optional(),
  column: z.int().positive().optional(),
  /** What stands at the place, where it is told apart by it: the name of a task, an event. */
  subject: z.string().optional(),
  /** What Keptn 1.4 did. */
  was: z.string(),
  /** What happens here. */
  now: z.string(),
  /** Left out where there is nothing to do. */
  todo: z.string().optional(),
})
export type ImportFinding = z.infer<typeof ImportFinding>

/** How much of something has neither errors nor changes. */
export const ImportUnchanged = z.strictObject({
  what: z.enum(['sequences', 'triggers', 'slo files', 'sli files', 'other files']),
  count: z.int().nonnegative(),
  of: z.int().nonnegative(),
})
export type ImportUnchanged = z.infer<typeof ImportUnchanged>

export const ImportSource = z.strictObject({
  /** The folder or the URL as it was given, without credentials. */
  name: z.string(),
  layout: z.enum(['branch-per-stage', 'directories']),
  /** Left out where a plain folder was read. */
  branch: z.string().optional(),
  commit: z.string().optional(),
})
export type ImportSource = z.infer<typeof ImportSource>

export const ImportReport = z.strictObject({
  source: ImportSource,
  /** As Keptn's metadata.yaml calls it. */
  project: z.string().optional(),
  stages: z.array(z.string()),
  services: z.array(z.string()),
  files: z.strictObject({ count: z.int(), bytes: z.int() }),
  /** Errors first; within a severity in the order of the files. */
  findings: z.array(ImportFinding),
  unchanged: z.array(ImportUnchanged),
})
export type ImportReport = z.infer<typeof ImportReport>

/** What `--apply` did. Done twice, the second time nothing is created. */
export const ImportApplied = z.strictObject({
  project: z.string(),
  projectCreated: z.boolean(),
  servicesCreated: z.array(z.string()),
  /** Written by this run, and found there with the same content. */
  filesWritten: z.int(),
  filesUnchanged: z.int(),
  /** There with another content, and left alone: `stage dev: slo.yaml`. */
  filesDifferent: z.array(z.string()),
  commits: z.int(),
  /** Read back after writing, byte for byte equal. */
  filesVerified: z.int(),
})
export type ImportApplied = z.infer<typeof ImportApplied>

/** What `tiphys import -o json` prints. */
export const ImportOutput = ImportReport.extend({ applied: ImportApplied.optional() })
export type ImportOutput = z.infer<typeof ImportOutput>
