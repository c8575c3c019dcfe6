import { Readable } from 'node:stream'
import { ArtifactList, artifactPath } from '@tiphys/contract/http/native-artifact.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import type { Artifact, Artifacts } from '../../ports/artifacts.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { mayUse } from '../access.ts'
import { ok, refuse } from '../answer.ts'
import type { ServerFacts } from '../parts.ts'
import type { AddRoute } from '../route.ts'
import { artifactType } from './artifact-type.ts'
import { findRun } from './runs.ts'

type Parts = {
  readonly store: Store
  readonly projections: Projections
  readonly artifacts: Pick<Artifacts, 'list' | 'open'>
  readonly server: Pick<ServerFacts, 'basePath' | 'publicUrl'>
}

const OK = 200

/** Logs and files that the tests of a run left (docs/tests.md). */
export function addArtifactRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/runs/:id/artifacts',
    summary: 'Logs and files that the tests of a run left',
    success: ArtifactList,
    async handle({ params, actor }) {
      const run = await runFor(parts, params.id, actor)
      if (run === undefined) return noRun(params.id)
      const artifacts = await parts.artifacts.list(run.projectId, run.runId)
      return ok({ artifacts: artifacts.map((one) => view(parts, run.runId, one)) })
    },
  })
  add({
    method: 'GET',
    path: '/api/tiphys/v1/runs/:id/artifacts/*',
    summary: 'One of them, to be saved: browsers neither show nor run it',
    success: z.any().describe('the file'),
    async handle({ params, actor, raw }) {
      const run = await runFor(parts, params.id, actor)
      if (run === undefined) return noRun(params.id)
      const name = nameOf(raw.url)
      const found =
        name === undefined ? undefined : await parts.artifacts.open(run.projectId, run.runId, name)
      if (found === undefined) {
        return refuse('not-found', `run ${params.id} has no artifact ${JSON.stringify(name ?? '')}`)
      }
      const { artifact, content } = found
      const headers = headersOf(artifact)
      return { ok: true, status: OK, body: Readable.from(content, { objectMode: false }), headers }
    },
  })
}

async function runFor(parts: Parts, runId: string, actor: Actor) {
  const run = await findRun(parts, runId)
  return run === undefined || !mayUse(actor, run.project) ? undefined : run
}

function noRun(runId: string) {
  return refuse('not-found', `there is no run ${runId}`)
}

function view({ server }: Parts, runId: string, { name, sizeBytes, keptMs }: Artifact) {
  const base = server.publicUrl?.replace(/\/+$/, '') ?? server.basePath
  return {
    name,
    sizeBytes,
    contentType: artifactType(name),
    at: formatTimestamp(keptMs),
    url: `${base}${artifactPath(runId, name)}`,
  }
}

/** The path as it came: names hold slashes, and the router decodes them in ways of its own. */
function nameOf(url: string): string | undefined {
  const escaped = /\/artifacts\/([^?]+)/.exec(url)?.[1] ?? ''
  try {
    return decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}

/** What a test made is never a page of this site: it is saved, and where it is shown all the same it may do nothing. */
function headersOf({ name, sizeBytes }: Artifact): Readonly<Record<string, string>> {
  const file = name.split('/').at(-1) ?? 'artifact'
  const plain = file.replaceAll(/[^A-Za-z0-9._ -]/g, '_')
  const encoded = encodeURIComponent(file.toWellFormed()).replaceAll("'", '%27')
  return {
    'content-type': artifactType(name),
    'content-length': String(sizeBytes),
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
  }
}
