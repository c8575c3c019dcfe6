import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROJECT_YAML_URI } from '@tiphys/contract/project-yaml.ts'
import { loadSnapshot } from '../../src/projects/snapshot.ts'
import { createMemoryConfiguration } from '../api/memory-configuration.ts'

test('settings that cannot be read are the defaults, and say so: nobody may throw away for them', async () => {
  const configuration = createMemoryConfiguration()
  const load = async (projectId: string, text: string) => {
    const files = { [PROJECT_YAML_URI]: Buffer.from(text) }
    const created = await configuration.createProject(projectId, files, {
      name: 'shop',
      createdMs: 0,
    })
    assert.ok(created.code === 'created')
    const pin = { main: created.commitId }
    const layout = configuration.layoutOf(projectId)
    return await loadSnapshot({ configuration, projectId, project: 'shop', pin, layout })
  }
  const read = await load('p1', 'retention: forever\n')
  assert.deepEqual([read.settings.retention, read.settingsProblem], ['forever', undefined])
  const broken = await load('p2', 'retention: forever\nretension: 3d\n')
  assert.deepEqual(broken.settings, {})
  assert.match(broken.settingsProblem ?? '', /^tiphys\/project\.yaml:2:1: unknown key retension/)
})
