import { DeletedContext } from '@tiphys/contract/http/native-deletion.ts'
import { z } from 'zod'
import { ok, refuse } from '../answer.ts'
import type { OperationsPart } from '../operations-part.ts'
import type { AddRoute } from '../route.ts'
import { findContext, type RunRouteParts } from './contexts.ts'

/** Deletes what is over before its time: somebody asked for it. */
export function addContextDeletionRoute(
  add: AddRoute,
  parts: RunRouteParts & { readonly operations: Pick<OperationsPart, 'deleteContext'> },
): void {
  add({
    method: 'DELETE',
    path: '/api/tiphys/v1/contexts/:context',
    summary: 'Deletes an ended context: its runs, their events and their evaluations',
    query: z.object({ project: z.string().optional() }),
    success: DeletedContext,
    async handle({ params, query, actor }) {
      const found = await findContext(parts, params.context, query.project, actor)
      if (!found.ok) return found
      const { projectId, project, context } = found
      const wish = { projectId, context, reason: 'request', by: actor.name } as const
      const answer = await parts.operations.deleteContext(wish)
      switch (answer.code) {
        case 'deleted':
          return ok({ context, project, runs: answer.runs, rows: answer.rows })
        case 'open':
          return refuse(
            'conflict',
            `context ${context} is not over: ${openPart(answer.runs)}; abort it first, or wait for its end`,
          )
        case 'pinned': {
          const { stage, service } = answer.reference
          return refuse(
            'conflict',
            `context ${context} holds the reference evaluation of service ${service} in stage ${stage}; unpin it first, or pin another`,
          )
        }
        case 'not-found':
          return refuse('not-found', `there is no run with the context ${params.context}`)
      }
    },
  })
}

function openPart(runs: number): string {
  return runs === 0 ? 'a join of it waits for more' : `${runs} of its runs are open`
}
