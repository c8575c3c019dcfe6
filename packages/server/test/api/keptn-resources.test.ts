import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { Resource, ResourcePage, WrittenResources } from '@tiphys/contract/http/keptn-resource.ts'
import { base64, type House, SHIPYARD, startHouse } from './house.ts'

const PROJECT = '/api/resource-service/v1/project/shop'
const SERVICE = `${PROJECT}/stage/dev/service/cart`

describe('resources', () => {
  let house: House
  before(async () => {
    house = await startHouse()
    const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
    await house.api.send('POST', '/api/controlPlane/v1/project', { body: shop })
    const cart = { serviceName: 'cart' }
    await house.api.send('POST', '/api/controlPlane/v1/project/shop/service', { body: cart })
  })
  after(() => house.close())
  const send: House['api']['send'] = (...args) => house.api.send(...args)

  function resources(...uris: readonly string[]) {
    return {
      resources: uris.map((uri) => ({ resourceURI: uri, resourceContent: base64(`of ${uri}`) })),
    }
  }

  it('creates with POST (201) and updates with PUT (200), and names the commit', async () => {
    for (const place of [PROJECT, `${PROJECT}/stage/dev`, SERVICE]) {
      const created = await send('POST', `${place}/resource`, { body: resources('a.txt') })
      assert.equal(created.status, 201)
      const { commitID, metadata } = WrittenResources.parse(created.json)
      assert.equal(metadata.version, commitID)
      const updated = await send('PUT', `${place}/resource`, { body: resources('a.txt', 'b.txt') })
      assert.equal(updated.status, 200)
      assert.notEqual(WrittenResources.parse(updated.json).commitID, commitID)
    }
  })

  it('tolerates the double slash of Keptn clients', async () => {
    const answer = await send('POST', `${PROJECT}//resource`, { body: resources('double.txt') })
    assert.equal(answer.status, 201)
  })

  it('reads a URI with encoded and with plain slashes, spaces as plus, and a real plus', async () => {
    const body = resources('jmeter/load test.jmx', 'a+b.txt')
    await send('POST', `${SERVICE}/resource`, { body })
    const paths = [
      ['jmeter%2Fload+test.jmx', 'jmeter/load test.jmx'],
      ['jmeter/load%20test.jmx', 'jmeter/load test.jmx'],
      ['%2Fjmeter%2Fload+test.jmx', 'jmeter/load test.jmx'],
      ['a%2Bb.txt', 'a+b.txt'],
    ] as const
    for (const [path, uri] of paths) {
      const answer = await send('GET', `${SERVICE}/resource/${path}?unknown=1`)
      assert.equal(answer.status, 200, path)
      const resource = Resource.parse(answer.json)
      assert.equal(resource.resourceURI, uri)
      assert.equal(Buffer.from(resource.resourceContent, 'base64').toString(), `of ${uri}`)
    }
  })

  it('writes, replaces and deletes one', async () => {
    const path = `${SERVICE}/resource/slo.yaml`
    const put = (text: string) => send('PUT', path, { body: { resourceContent: base64(text) } })
    const first = WrittenResources.parse((await put('one')).json)
    assert.equal((await put('two')).status, 200)
    const old = await send('GET', `${path}?gitCommitID=${first.commitID}`)
    assert.equal((old.json as { resourceContent: string }).resourceContent, base64('one'))
    const now = await send('GET', path)
    assert.equal((now.json as { resourceContent: string }).resourceContent, base64('two'))
    assert.equal((await send('DELETE', path)).status, 200)
    assert.deepEqual((await send('GET', path)).json, { code: 404, message: 'Resource not found' })
    assert.equal((await send('DELETE', path)).status, 404)
  })

  it('lists in pages with a text key', async () => {
    const place = `${PROJECT}/stage/prod`
    await send('POST', `${place}/resource`, { body: resources('c', 'a', 'b') })
    const first = ResourcePage.parse((await send('GET', `${place}/resource?pageSize=2`)).json)
    assert.deepEqual(
      first.resources.map((resource) => resource.resourceURI),
      ['a', 'b'],
    )
    assert.deepEqual([first.nextPageKey, first.totalCount], ['2', 3])
    const rest = await send('GET', `${place}/resource?pageSize=2&nextPageKey=2`)
    assert.equal(ResourcePage.parse(rest.json).nextPageKey, '0')
  })

  it('answers what is not there in the words of Keptn', async () => {
    const root = '/api/resource-service/v1/project'
    const cases: [string, string][] = [
      [`${root}/none/resource/a`, 'Project not found'],
      [`${root}/shop/stage/qa/resource/a`, 'Stage not found'],
      [`${root}/shop/stage/dev/service/none/resource/a`, 'Service not found'],
      [`${SERVICE}/resource/none.yaml`, 'Resource not found'],
    ]
    for (const [path, message] of cases) {
      const answer = await send('GET', path)
      assert.deepEqual([answer.status, answer.json], [404, { code: 404, message }], path)
    }
    const write = await send('POST', `${root}/none/resource`, { body: resources('a') })
    assert.deepEqual(write.json, { code: 404, message: 'Project not found' })
  })

  it('refuses content that is not base64, and URIs that lead elsewhere', async () => {
    const body = (uri: string, content: string) => ({
      resources: [{ resourceURI: uri, resourceContent: content }],
    })
    const wrong = await send('POST', `${SERVICE}/resource`, { body: body('a', '%%%') })
    assert.deepEqual(wrong.json, { code: 400, message: 'the content of a is not valid base64' })
    const uris = ['../a', 'a/../../b', '~root', '.git/config', 'a\\b', '', 'a//b', 'a\u0000b']
    for (const uri of uris) {
      const answer = await send('POST', `${SERVICE}/resource`, { body: body(uri, 'eA==') })
      assert.equal(answer.status, 400, JSON.stringify(uri))
      assert.match((answer.json as { message: string }).message, /^resourceURI "/)
    }
    const both = resources('same', '/same')
    assert.equal((await send('POST', `${SERVICE}/resource`, { body: both })).status, 400)
  })

  it('refuses path tricks in the path itself', async () => {
    // fetch would clean the path up before sending it.
    for (const trick of ['..%2F..%2Fa', '%2e%2e/%2e%2e/a', '../../../../../../etc/passwd', '%zz']) {
      const { status, text } = await rawGet(house.api.url, `${SERVICE}/resource/${trick}`)
      assert.ok(status === 400 || status === 404, `${trick}: ${status}`)
      assert.equal((JSON.parse(text) as { code: number }).code, status)
    }
  })

  it('does not offer what Keptn kept for itself', async () => {
    for (const path of [PROJECT, `${PROJECT}/stage/dev`, SERVICE]) {
      assert.equal((await send('DELETE', path)).status, 404)
    }
  })
})

function rawGet(url: string, path: string): Promise<{ status: number; text: string }> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const headers = { 'x-token': 'admin' }
    const outgoing = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
