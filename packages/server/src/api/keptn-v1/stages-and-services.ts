import {
  CreateServiceBody,
  Empty,
  ExpandedService,
  ExpandedStage,
  ServicePage,
  StagePage,
} from '@tiphys/contract/http/keptn-project.ts'
import { TolerantPaging } from '@tiphys/contract/http/paging.ts'
import type { Projects } from '../../projects/projects.ts'
import { ok, refusalOf } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { pageOf, textKey } from './pages.ts'
import { findProject, serviceNotFound, stageNotFound } from './project-lookup.ts'
import { viewProject } from './project-view.ts'
import type { ProjectRouteParts } from './projects.ts'

/** Stages and services below `/controlPlane/v1/project/{p}` (facts/keptn-v1.md 2.3). */
export function addStageAndServiceRoutes(add: AddRoute, parts: ProjectRouteParts): void {
  const { projects, projections } = parts
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/project/:project/stage',
    summary: 'Lists stages in order of the shipyard',
    query: TolerantPaging,
    success: StagePage,
    async handle({ params, query }) {
      const found = findProject(projects, params.project)
      if (!found.ok) return found
      const stages = (await viewProject(found.record, projections)).stages()
      const totalCount = stages.length
      const page = [...pageOf(stages, query)]
      return ok({ stages: page, nextPageKey: textKey(query, totalCount), pageSize: 0, totalCount })
    },
  })
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/project/:project/stage/:stage',
    summary: 'A stage with its services',
    success: ExpandedStage,
    async handle({ params }) {
      const found = findProject(projects, params.project)
      if (!found.ok) return found
      const stage = (await viewProject(found.record, projections)).stage(params.stage)
      return stage === undefined ? stageNotFound(params.stage) : ok(stage)
    },
  })
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/project/:project/stage/:stage/service',
    summary: 'Lists the services of a stage by name',
    query: TolerantPaging,
    success: ServicePage,
    async handle({ params, query }) {
      const found = findProject(projects, params.project)
      if (!found.ok) return found
      const stage = (await viewProject(found.record, projections)).stage(params.stage)
      if (stage === undefined) return stageNotFound(params.stage)
      const totalCount = stage.services.length
      const services = [...pageOf(stage.services, query)]
      return ok({ services, nextPageKey: textKey(query, totalCount), pageSize: 0, totalCount })
    },
  })
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/project/:project/stage/:stage/service/:service',
    summary: 'A service in a stage: what was deployed and what happened last',
    success: ExpandedService,
    async handle({ params }) {
      const found = findProject(projects, params.project)
      if (!found.ok) return found
      const view = await viewProject(found.record, projections)
      if (view.stage(params.stage) === undefined) return stageNotFound(params.stage)
      const service = view.service(params.stage, params.service)
      return service === undefined ? serviceNotFound(params.service) : ok(service)
    },
  })
  addServiceChanges(add, projects)
}

function addServiceChanges(add: AddRoute, projects: Projects): void {
  add({
    method: 'POST',
    path: '/api/controlPlane/v1/project/:project/service',
    summary: 'Creates a service in all stages',
    body: CreateServiceBody,
    success: Empty,
    async handle({ params, body, actor }) {
      const answer = await projects.createService(params.project, body.serviceName, actor)
      return answer.code === 'created' ? ok({}) : refusalOf(answer)
    },
  })
  add({
    method: 'DELETE',
    path: '/api/controlPlane/v1/project/:project/service/:service',
    summary: 'Deletes a service in all stages',
    success: Empty,
    async handle({ params, actor }) {
      const answer = await projects.deleteService(params.project, params.service, actor)
      if (answer.code === 'service-not-found') return serviceNotFound(params.service)
      return answer.code === 'deleted' ? ok({}) : refusalOf(answer)
    },
  })
}
