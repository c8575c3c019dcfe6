import { z } from 'zod'
import type { BackupAnswer } from '../../operations/backups.ts'
import { isForEveryProject } from '../access.ts'
import { type Answer, refuse } from '../answer.ts'
import type { OperationsPart } from '../operations-part.ts'
import type { AddRoute } from '../route.ts'

const OK = 200

/** A backup of everything, as one tar file. */
export function addBackupRoute(add: AddRoute, parts: OperationsPart): void {
  add({
    method: 'POST',
    path: '/api/tiphys/v1/backup',
    summary: 'A consistent backup of everything, streamed as a tar file; without the secret key',
    query: z.object({ includeSecretKey: z.enum(['true', 'false']).optional() }),
    success: z.any().describe('application/x-tar'),
    async handle({ query, actor, raw }) {
      if (!isForEveryProject(actor)) {
        const own = actor.projects.join(', ') || 'no project'
        const message = `a backup holds every project; token ${actor.name} is for ${own}`
        return refuse('forbidden', message)
      }
      const gone = new AbortController()
      // Nobody needs a copy that nobody waits for any more.
      const onClose = () => gone.abort(new Error('whoever asked for the backup went away'))
      raw.raw.socket.once('close', onClose)
      try {
        const includeSecretKey = query.includeSecretKey === 'true'
        const { signal } = gone
        return answerOf(await parts.backups.create({ includeSecretKey, actor, signal }))
      } finally {
        raw.raw.socket.off('close', onClose)
      }
    },
  })
}

function answerOf(answer: BackupAnswer): Answer<unknown> {
  if (answer.code === 'busy') return refuse('conflict', answer.message)
  if (answer.code === 'invalid') return refuse('invalid', answer.message)
  const { content, sizeBytes, manifest } = answer
  const stamp = manifest.createdAt.slice(0, '2026-01-01'.length)
  return {
    ok: true,
    status: OK,
    body: content,
    headers: {
      'content-type': 'application/x-tar',
      'content-length': String(sizeBytes),
      'content-disposition': `attachment; filename="tiphys-${stamp}.tar"`,
    },
  }
}
