import { z } from 'zod'

export const TokenScope = z.enum(['trigger', 'answer', 'approve', 'read', 'configure', 'admin'], {
  error: 'must be one of trigger, answer, approve, read, configure, admin',
})
export type TokenScope = z.infer<typeof TokenScope>

/** A token as it can be shown: never its text. */
export const TokenEntry = z.object({
  name: z.string(),
  scopes: z.array(TokenScope),
  /** Names; `*` is every project. */
  projects: z.array(z.string()),
  createdAt: z.string(),
})
export type TokenEntry = z.infer<typeof TokenEntry>

export const TokenList = z.object({ tokens: z.array(TokenEntry) })

export const MintTokenBody = z.strictObject({
  name: z.string().min(1),
  scopes: z.array(TokenScope).min(1, { error: 'must name at least one scope' }),
  projects: z
    .array(z.string().min(1))
    .min(1, { error: 'must name a project, or *' })
    .default(['*']),
})
export type MintTokenBody = z.infer<typeof MintTokenBody>

/** The only time the text of a token is shown. */
export const MintedToken = z.object({ name: z.string(), token: z.string() })
