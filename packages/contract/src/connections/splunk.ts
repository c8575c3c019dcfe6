import { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

/**
 * Splunk Enterprise or Splunk Cloud Platform, by the REST API of its management port. One of: `token`, an authentication token; `sessionKey`; `user` and
 * `password`.
 */
export const SplunkConnection = connectionSchema({
  /** `https://splunk.example:8089`. */
  url: ConnectionUrl,
  user: z.string().optional(),
  ...secretKeys('token', 'sessionKey', 'password'),
  /** Whose macros, lookups and fields a search sees; `search` unless set. */
  app: z
    .string()
    .regex(/^[\w.-]+$/, { error: 'expected the id of an app' })
    .optional(),
  /** Splunk Web, for links: `https://splunk.example:8000`. */
  webUrl: ConnectionUrl.optional(),
}).superRefine((value, context) => {
  const ways = ['token', 'sessionKey', 'password'].filter((name) =>
    [name, `${name}File`, `${name}Env`].some((key) => Reflect.get(value, key) !== undefined),
  )
  if (ways.length !== 1) {
    const message = `expected one of token, sessionKey, or password with user; there ${ways.length === 0 ? 'is none' : `are ${ways.join(' and ')}`}`
    context.addIssue({ code: 'custom', message })
  } else if (ways[0] === 'password' && value.user === undefined) {
    context.addIssue({ code: 'custom', message: 'user is missing beside password' })
  }
})
export type SplunkConnection = z.infer<typeof SplunkConnection>
