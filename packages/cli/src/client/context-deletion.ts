import { DeletedContext } from '@tiphys/contract/http/native-deletion.ts'
import type { HttpClient } from './http-client.ts'

export function deleteContext(
  client: HttpClient,
  wish: { readonly context: string; readonly project?: string | undefined },
): Promise<DeletedContext> {
  return client.request({
    method: 'DELETE',
    path: `/api/tiphys/v1/contexts/${encodeURIComponent(wish.context)}`,
    query: { project: wish.project },
    schema: DeletedContext,
  })
}
