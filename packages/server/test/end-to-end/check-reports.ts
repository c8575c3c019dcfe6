import assert from 'node:assert/strict'
import { recomputeDifference } from '@tiphys/providers/evaluation/stored-report.ts'
import type { TiphysClient } from './tiphys-client.ts'

const EVALUATIONS = '/api/tiphys/v1/evaluations'
const OK = 200

/**
 * Every verdict can be computed again from its report alone: looked at wherever a test leaves evaluations behind. A server that cannot
 * answer any more has been judged by its test.
 */
export async function checkReports(client: TiphysClient): Promise<void> {
  const listed = await client.ask('GET', '/api/controlPlane/v1/project?pageSize=50')
  if (listed.status !== OK) return
  const { projects } = listed.json as { projects: { projectName: string }[] }
  for (const { projectName } of projects) {
    const page = await client.ask('GET', `${EVALUATIONS}?project=${projectName}&pageSize=50`)
    const { evaluations = [] } = page.json as { evaluations?: { triggeredId: string }[] }
    for (const { triggeredId } of evaluations) await checkReport(client, triggeredId)
  }
}

async function checkReport(client: TiphysClient, triggeredId: string): Promise<void> {
  const { json } = await client.ask('GET', `${EVALUATIONS}/${triggeredId}`)
  const { evaluation, explanation } = json as Partial<Parameters<typeof recomputeDifference>[0]>
  // One that was told from outside has no report of ours.
  if (evaluation === undefined || explanation === undefined) return
  assert.equal(recomputeDifference({ evaluation, explanation }), undefined, triggeredId)
}
