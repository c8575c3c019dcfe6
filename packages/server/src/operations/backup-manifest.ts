import { z } from 'zod'

/**
 * What a backup says of itself, in its first file. A change that an older Tiphys would misread raises FORMAT_VERSION; what is only
 * added does not.
 */
export const BACKUP_FORMAT = 'tiphys-backup'
export const FORMAT_VERSION = 1

export const MANIFEST_NAME = 'manifest.json'
/** Holds the SHA-256 of the manifest: nothing else vouches for it. */
export const MANIFEST_HASH_NAME = 'manifest.sha256'
export const DATABASE_PART = 'tiphys.db'
export const SECRET_KEY_PART = 'secret.key'
export const KNOWN_HOSTS_PART = 'git-home/known_hosts'

const REPOSITORY_PART = /^configuration\/[A-Za-z0-9][A-Za-z0-9._-]{0,60}\.bundle$/
/** Logs and files that tests left: a list of a task's files, or one of them. */
const ARTIFACT_PART = /^artifacts\/(?:[A-Za-z0-9][A-Za-z0-9._:-]{0,60}\/){2}\d+-\d+\.(?:json|\d+)$/
const SHA256 = /^[0-9a-f]{64}$/

const Part = z.object({
  name: z.string().refine(isPartName),
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(SHA256),
})

/** An id names a folder, and is written and removed as one. */
const RepositoryId = z
  .string()
  .refine((id) => isPartName(bundlePart(id)), { error: 'is no name of a repository' })

export const BackupManifest = z
  .object({
    format: z.literal(BACKUP_FORMAT),
    formatVersion: z.int(),
    /** The Tiphys that made it. */
    tiphysVersion: z.string(),
    createdAt: z.iso.datetime(),
    /** Form of the tables: a Tiphys that knows fewer cannot read them. */
    databaseForm: z.int().positive(),
    /** The last row of the log that is in it. */
    headPosition: z.int().nonnegative(),
    /** Projects whose configuration is in it; `head` is the branch that HEAD names. */
    repositories: z.array(z.object({ id: RepositoryId, head: z.string() })),
    /**
     * What the secrets are encrypted with: `included`, `left-out` (the file secret.key of the data folder), or `settings`
     * (TIPHYS_SECRET_KEY).
     */
    secretKey: z.enum(['included', 'left-out', 'settings']),
    /** Secrets that cannot be read without it. Their names are no secret. */
    secrets: z.array(z.object({ name: z.string(), scope: z.string() })),
    /** Everything that follows, in this order. */
    parts: z.array(Part).min(1),
  })
  .superRefine(({ parts, repositories }, context) => {
    const names = new Set(parts.map((part) => part.name))
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (names.size < parts.length) refuse('parts', 'a part is named twice')
    if (!names.has(DATABASE_PART)) refuse('parts', `${DATABASE_PART} is missing`)
    const lost = repositories.find(({ id }) => !names.has(bundlePart(id)))
    if (lost !== undefined) refuse('repositories', `the bundle of ${lost.id} is missing`)
  })
export type BackupManifest = z.infer<typeof BackupManifest>
export type BackupPart = z.infer<typeof Part>

/** Only these may be in a backup: a name decides where a part is written. */
export function isPartName(name: string): boolean {
  const known = [DATABASE_PART, SECRET_KEY_PART, KNOWN_HOSTS_PART]
  if (known.includes(name)) return true
  return (REPOSITORY_PART.test(name) || ARTIFACT_PART.test(name)) && !name.includes('..')
}

export function bundlePart(repository: string): string {
  return `configuration/${repository}.bundle`
}
