import { createHttpClient, type HttpClient } from '../client/http-client.ts'
import { type ConnectionFlags, connectionOf } from './connection.ts'

/** The server that the flags, the environment or `tiphys auth` name. */
export function openClient(flags: ConnectionFlags): HttpClient {
  return createHttpClient(connectionOf(flags))
}
