import { z } from 'zod'

/** The JSON Schemas of files that a server knows. */
export const FileSchemaList = z.object({
  schemas: z.array(
    z.object({
      name: z.string(),
      /** What the file is called: `slo.yaml`. */
      file: z.string(),
      title: z.string(),
      /** On the same server. */
      path: z.string(),
    }),
  ),
})
export type FileSchemaList = z.infer<typeof FileSchemaList>

/** A JSON Schema, draft 2020-12. */
export const FileSchemaDocument = z.record(z.string(), z.unknown())
