import {
  type Approval,
  ApprovalList,
  type DecideApprovalBody,
  TaskResultAccepted,
} from '@tiphys/contract/http/native-approval.ts'
import type { HttpClient } from './http-client.ts'

const APPROVALS = '/api/tiphys/v1/approvals'

/** Approvals that wait for a person, oldest first. */
export async function listApprovals(client: HttpClient, project?: string): Promise<Approval[]> {
  const query = { project }
  const answer = await client.request({
    method: 'GET',
    path: APPROVALS,
    query,
    schema: ApprovalList,
  })
  return answer.approvals
}

export async function decideApproval(
  client: HttpClient,
  triggeredId: string,
  decision: DecideApprovalBody,
): Promise<void> {
  await client.request({
    method: 'POST',
    path: `${APPROVALS}/${encodeURIComponent(triggeredId)}`,
    body: decision,
    schema: TaskResultAccepted,
  })
}
