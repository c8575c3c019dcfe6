import type { Application, ResourceStatus } from '../application/application.ts'
import { keyOf } from '../application/application-store.ts'
import type { Applications } from '../application/applications.ts'

/**
 * An application as GET and watch show it: with the health of its resources, which is not stored in the
 * object and which the list leaves out.
 */
export function withResourceHealth(
  application: Application,
  applications: Applications,
): Application {
  const cluster = applications.get(keyOf(application))?.cluster
  const { resources } = application.status
  if (cluster === undefined || resources === undefined) return application
  const filled = resources.map((resource): ResourceStatus => {
    const { group, kind, namespace, name } = resource
    const health = cluster.healthOf(`${group}/${kind}/${namespace}/${name}`)
    return health === undefined ? resource : { ...resource, health }
  })
  return { ...application, status: { ...application.status, resources: filled } }
}
