import { type Artifact, ArtifactList, artifactPath } from '@tiphys/contract/http/native-artifact.ts'
import {
  type AddTestResultsBody,
  type AddTestResultsQuery,
  TestResultsAdded,
} from '@tiphys/contract/http/native-test-results.ts'
import { ServerRefusedError, ServerUnreachableError } from './errors.ts'
import type { HttpClient } from './http-client.ts'

/** Logs and files that the tests of a run left, in the order they were kept. */
export async function listArtifacts(
  client: HttpClient,
  runId: string,
): Promise<readonly Artifact[]> {
  const path = `/api/tiphys/v1/runs/${encodeURIComponent(runId)}/artifacts`
  const { artifacts } = await client.request({ method: 'GET', path, schema: ArtifactList })
  return artifacts
}

/**
 * One of them, as it comes. Throws ServerUnreachableError, also while it is read, or ServerRefusedError.
 */
export async function downloadArtifact(
  connection: { readonly endpoint: string; readonly token?: string },
  runId: string,
  name: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { endpoint, token } = connection
  const headers: Record<string, string> = token === undefined ? {} : { 'x-token': token }
  const url = `${endpoint}${artifactPath(runId, name)}`
  const response = await fetch(url, { headers, redirect: 'manual' }).catch((error: unknown) => {
    throw new ServerUnreachableError(endpoint, error)
  })
  const { body, status } = response
  if (!response.ok || body === null) {
    throw new ServerRefusedError(status, `the server answered ${status} for ${name}`)
  }
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body ?? []) yield chunk
    } catch (error) {
      throw new ServerUnreachableError(endpoint, error)
    }
  }
  return content()
}

/** Hands in result files; what was made of them. */
export function addTestResults(
  client: HttpClient,
  query: AddTestResultsQuery,
  body: AddTestResultsBody,
): Promise<TestResultsAdded> {
  return client.request({
    method: 'POST',
    path: '/api/tiphys/v1/test-results',
    query,
    body,
    schema: TestResultsAdded,
  })
}
