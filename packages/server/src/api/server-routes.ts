import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Actor } from '../intake/actor.ts'
import { isForEveryProject } from './access.ts'
import { refuse, sendRefusal } from './answer.ts'
import { HTTP_STATUS } from './http-status.ts'
import type { ObservationPart } from './observe-requests.ts'
import type { ServerFacts } from './parts.ts'
import { ROUTE_ACCESS } from './route-access.ts'

/** Life signs, the description of the API, and the page at `/`. */
export function addServerRoutes(
  app: FastifyInstance,
  server: ServerFacts,
  observation?: ObservationPart,
): void {
  const base = server.basePath
  const hidden = (path: string) => ({
    config: { access: ROUTE_ACCESS[`GET ${path}`] ?? 'public' },
    schema: { hide: true },
  })
  app.get(`${base}/healthz`, hidden('/healthz'), (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('ok\n'),
  )
  app.get(`${base}/readyz`, hidden('/readyz'), async (_request, reply) => {
    const readiness = await server.readiness()
    reply.type('text/plain; charset=utf-8')
    if (readiness.ready) return reply.send('ready\n')
    return reply.code(HTTP_STATUS.unavailable).send(`not ready: ${readiness.reason}\n`)
  })
  app.get(`${base}/api/openapi.json`, hidden('/api/openapi.json'), (_request, reply) =>
    reply.type('application/json').send(JSON.stringify(app.swagger())),
  )
  const metrics = hidden('/metrics')
  const access = observation?.isPublic ? 'public' : metrics.config.access
  app.get(`${base}/metrics`, { ...metrics, config: { access } }, async ({ actor }, reply) =>
    actor === undefined || isForEveryProject(actor)
      ? await sendMetrics(reply, observation)
      : sendRefusal(reply, refuse('forbidden', notForMetrics(actor))),
  )
  app.get(`${base}/`, hidden('/'), (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(frontPage(server)),
  )
}

function notForMetrics({ name, projects }: Actor): string {
  const own = projects.join(', ') || 'no project'
  return `token ${name} is for ${own}; metrics are of every project and need a token for *`
}

async function sendMetrics(
  reply: FastifyReply,
  observation: ObservationPart | undefined,
): Promise<FastifyReply> {
  const page = (await observation?.page()) ?? ''
  return reply.type(observation?.contentType ?? 'text/plain; charset=utf-8').send(page)
}

function frontPage(server: ServerFacts): string {
  const base = server.basePath
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tiphys</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
code { font-family: ui-monospace, monospace }
</style>
</head>
<body>
<h1>Tiphys ${server.version}</h1>
<p>Tests, gates, promotes and rolls back what Argo CD deploys. This server is running.</p>
<p>The web interface is not built yet. Until then:</p>
<ul>
<li>the command line: <code>tiphys get sequences</code>, <code>tiphys why &lt;context&gt;</code>, <code>tiphys approve</code></li>
<li>the API of Keptn v1 under <code>${base}/api</code> and our own under <code>${base}/api/tiphys/v1</code>, described in <a href="${base}/api/openapi.json">openapi.json</a></li>
<li>the documentation in the folder <code>docs</code> of the project, for the API in <code>docs/api.md</code></li>
</ul>
</body>
</html>
`
}
