import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isAuthorized, membershipOf, publicUrisOf, sequenceOf } from './kubernetes-names.ts'

test('our labels count before those of the Keptn integration', () => {
  const labels = { keptnProject: 'old', keptnService: 'carts', stage: 'dev' }
  assert.deepEqual(membershipOf({ labels }), { project: 'old', service: 'carts', stage: 'dev' })
  assert.deepEqual(membershipOf({ labels: { ...labels, 'tiphys.dev/project': 'shop' } }), {
    project: 'shop',
    service: 'carts',
    stage: 'dev',
  })
  assert.equal(membershipOf({ labels: { 'tiphys.dev/project': 'shop' } }), undefined)
  assert.equal(membershipOf({ labels: null }), undefined)
})

test('the sequence is verify unless the application names one', () => {
  assert.equal(sequenceOf({}), 'verify')
  assert.equal(sequenceOf({ annotations: { 'tiphys.dev/sequence': 'smoke' } }), 'smoke')
})

test('links on the application are no addresses of what runs in it', () => {
  const annotations = {
    'tiphys.dev/uri': 'https://carts.example.com',
    'link.argocd.argoproj.io/verdict': 'Verdict|https://tiphys.example.com/run/1',
  }
  assert.deepEqual(
    publicUrisOf({ annotations }, ['https://tiphys.example.com/run/1', 'http://10.0.0.7']),
    ['https://carts.example.com', 'http://10.0.0.7'],
  )
})

test('an application is authorized only for the exact pair', () => {
  const annotations = { 'tiphys.dev/authorized': 'shop:dev, shop:prod' }
  assert.equal(isAuthorized({ annotations }, 'shop', 'prod'), true)
  assert.equal(isAuthorized({ annotations }, 'shop', 'pro'), false)
  assert.equal(
    isAuthorized({ annotations: { 'tiphys.dev/authorized': '*' } }, 'shop', 'dev'),
    false,
  )
  assert.equal(isAuthorized({}, 'shop', 'dev'), false)
})
