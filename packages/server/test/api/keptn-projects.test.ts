import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ExpandedProject, ProjectPage } from '@tiphys/contract/http/keptn-project.ts'
import { base64, type House, SHIPYARD, startHouse } from './house.ts'

const PROJECT = '/api/controlPlane/v1/project'

describe('projects, stages and services', () => {
  let house: House
  before(async () => {
    house = await startHouse()
  })
  after(() => house.close())
  const send: House['api']['send'] = (...args) => house.api.send(...args)

  it('creates a project from base64 and answers 201, empty', async () => {
    const body = { name: 'shop', shipyard: base64(SHIPYARD), gitCredentials: { remoteURL: '' } }
    const answer = await send('POST', PROJECT, { body })
    assert.equal(answer.status, 201)
    assert.equal(answer.text, '{}')
  })

  it('refuses a second project of that name with 409', async () => {
    const body = { name: 'shop', shipyard: base64(SHIPYARD) }
    const answer = await send('POST', PROJECT, { body })
    assert.equal(answer.status, 409)
    assert.match((answer.json as { message: string }).message, /shop already exists/)
  })

  it('creates a service in all stages and answers 200, empty', async () => {
    const answer = await send('POST', `${PROJECT}/shop/service`, { body: { serviceName: 'cart' } })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '{}')
    const again = await send('POST', `${PROJECT}/shop/service`, { body: { serviceName: 'cart' } })
    assert.equal(again.status, 409)
  })

  it('shows the project in the model of Keptn', async () => {
    const answer = await send('GET', `${PROJECT}/shop`)
    assert.equal(answer.status, 200)
    const project = ExpandedProject.parse(answer.json)
    assert.equal(project.projectName, 'shop')
    assert.equal(project.shipyard, SHIPYARD)
    assert.equal(project.shipyardVersion, 'spec.keptn.sh/0.2.2')
    assert.match(project.creationDate, /^\d{19}$/)
    assert.deepEqual(
      project.stages.map((stage) => [stage.stageName, stage.parentStages]),
      [
        ['dev', []],
        ['prod', ['dev']],
      ],
    )
    const service = project.stages[1]?.services[0]
    assert.equal(service?.serviceName, 'cart')
    assert.deepEqual(service?.lastEventTypes, {})
    assert.deepEqual(service?.openRemediations, [])
  })

  it('pages lists with a text key, "0" at the end, and a pageSize of 0', async () => {
    for (const name of ['alpha', 'beta']) {
      await send('POST', PROJECT, { body: { name, shipyard: base64(SHIPYARD) } })
    }
    const first = ProjectPage.parse((await send('GET', `${PROJECT}?pageSize=2&unknown=1`)).json)
    assert.deepEqual(
      first.projects.map((project) => project.projectName),
      ['alpha', 'beta'],
    )
    assert.equal(first.nextPageKey, '2')
    assert.equal(first.pageSize, 0)
    assert.equal(first.totalCount, 3)
    const second = ProjectPage.parse(
      (await send('GET', `${PROJECT}?pageSize=2&nextPageKey=2`)).json,
    )
    assert.deepEqual(
      second.projects.map((project) => project.projectName),
      ['shop'],
    )
    assert.equal(second.nextPageKey, '0')
  })

  it('shows a token only its own projects', async () => {
    const page = ProjectPage.parse((await send('GET', PROJECT, { token: 'shop-reader' })).json)
    assert.deepEqual(
      page.projects.map((project) => project.projectName),
      ['shop'],
    )
    const other = await send('GET', `${PROJECT}/alpha`, { token: 'shop-reader' })
    assert.equal(other.status, 403)
    assert.deepEqual(other.json, {
      code: 403,
      message: 'token shop-reader is for shop, not for project alpha',
    })
  })

  it('lists and shows stages and services', async () => {
    const stages = await send('GET', `${PROJECT}/shop/stage`)
    assert.equal((stages.json as { totalCount: number }).totalCount, 2)
    assert.equal((await send('GET', `${PROJECT}/shop/stage/dev`)).status, 200)
    const services = await send('GET', `${PROJECT}/shop/stage/dev/service`)
    assert.equal((services.json as { totalCount: number }).totalCount, 1)
    assert.equal((await send('GET', `${PROJECT}/shop/stage/dev/service/cart`)).status, 200)
  })

  it('answers what is not there in the words of Keptn', async () => {
    const cases: [string, string][] = [
      [`${PROJECT}/none`, 'Project not found: none'],
      [`${PROJECT}/none/stage`, 'Project not found: none'],
      [`${PROJECT}/shop/stage/qa`, 'Stage not found: qa'],
      [`${PROJECT}/shop/stage/qa/service`, 'Stage not found: qa'],
      [`${PROJECT}/shop/stage/dev/service/nope`, 'Service not found: nope'],
    ]
    for (const [path, message] of cases) {
      const answer = await send('GET', path)
      assert.deepEqual([answer.status, answer.json], [404, { code: 404, message }], path)
    }
  })

  it('refuses bodies with one sentence and changes nothing', async () => {
    const cases: [unknown, RegExp][] = [
      [undefined, /^the request body is missing/],
      [[], /^the request body must be an object/],
      [{ name: 'x' }, /^shipyard is missing/],
      [{ name: 'x', shipyard: base64(SHIPYARD), shipyrad: 1 }, /unknown field shipyrad/],
      [{ name: 'x', shipyard: 'not base64!' }, /^shipyard is not valid base64/],
      [{ name: 'x', shipyard: base64('a: [') }, /shipyard\.yaml:1:/],
      [{ name: 'Not A Name', shipyard: base64(SHIPYARD) }, /name Not A Name is not valid/],
      [
        { name: 'x', gitCredentials: { remoteURL: 'ssh://git@host/x' } },
        /^an ssh URL needs gitCredentials.ssh.privateKey, in base64$/,
      ],
      [
        { name: 'x', gitCredentials: { remoteURL: 'https://host/x', https: { tokn: 'y' } } },
        /unknown field tokn/,
      ],
      [
        {
          name: 'x',
          gitCredentials: { remoteURL: 'https://host/x', https: { certificate: 'eA==' } },
        },
        /^gitCredentials.https.certificate is no PEM certificate in base64$/,
      ],
      [
        {
          name: 'x',
          gitCredentials: {
            remoteURL: 'https://host/x',
            https: { proxy: { url: 'http://p:1', scheme: 'http' } },
          },
        },
        /^gitCredentials.https.proxy.url: expected a host and a port, without a scheme$/,
      ],
      [
        { name: 'x', gitCredentials: { https: { token: 'y' } } },
        /^gitCredentials need a remoteURL$/,
      ],
    ]
    for (const [body, message] of cases) {
      const answer = await send('POST', PROJECT, { body })
      assert.equal(answer.status, 400, JSON.stringify(body))
      assert.match((answer.json as { message: string }).message, message)
    }
    assert.equal((await send('GET', `${PROJECT}/x`)).status, 404)
  })

  it('refuses page sizes that are none', async () => {
    for (const size of ['0', '-1', 'many', '1.5']) {
      const answer = await send('GET', `${PROJECT}?pageSize=${size}`)
      assert.deepEqual(answer.json, {
        code: 400,
        message: 'query parameter pageSize must be a whole number of at least 1',
      })
    }
  })

  it('replaces the shipyard, also with other stages, and answers 201', async () => {
    const shipyard = SHIPYARD.replaceAll('prod', 'production')
    const body = { name: 'alpha', shipyard: base64(shipyard) }
    assert.equal((await send('PUT', PROJECT, { body })).status, 201)
    const project = ExpandedProject.parse((await send('GET', `${PROJECT}/alpha`)).json)
    assert.equal(project.stages[1]?.stageName, 'production')
    const unknown = await send('PUT', PROJECT, { body: { ...body, name: 'none' } })
    assert.equal(unknown.status, 404)
  })

  it('deletes services and projects', async () => {
    assert.equal((await send('DELETE', `${PROJECT}/shop/service/cart`)).text, '{}')
    const again = await send('DELETE', `${PROJECT}/shop/service/cart`)
    assert.deepEqual(again.json, { code: 404, message: 'Service not found: cart' })
    const deleted = await send('DELETE', `${PROJECT}/beta`)
    assert.equal(deleted.status, 200)
    assert.deepEqual(Object.keys(deleted.json as object), ['message'])
    assert.equal((await send('DELETE', `${PROJECT}/beta`)).status, 404)
  })
})
