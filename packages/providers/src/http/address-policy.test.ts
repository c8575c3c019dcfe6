import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { isKubernetesName, refusalOf } from './address-policy.ts'

const PORT = 80

test('what a user may not reach is refused, in every way to write it', () => {
  for (const [address, refusal] of [
    ['127.0.0.1', 'loopback'],
    ['127.99.1.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['169.254.10.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['0.0.0.0', 'special'],
    ['::', 'special'],
    ['255.255.255.255', 'special'],
    ['224.0.0.1', 'special'],
    ['64:ff9b::7f00:1', 'special'],
    ['2002:7f00:1::', 'special'],
  ] as const) {
    assert.equal(refusalOf(address, PORT, {}), refusal, address)
  }
})

test('public and private addresses are allowed, private ones unless denied', () => {
  for (const address of ['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8']) {
    assert.equal(refusalOf(address, PORT, { denyPrivate: true }), undefined, address)
  }
  for (const address of ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', 'fd12::1']) {
    assert.equal(refusalOf(address, PORT, {}), undefined, address)
    assert.equal(refusalOf(address, PORT, { denyPrivate: true }), 'private', address)
  }
  assert.equal(refusalOf('172.32.0.1', PORT, { denyPrivate: true }), undefined)
})

test('our own listeners stay refused where loopback is allowed, under every address of this machine', () => {
  const policy = { allowLoopback: true, ownListeners: () => [{ port: 8080 }] }
  assert.equal(refusalOf('127.0.0.1', 8081, policy), undefined)
  assert.equal(refusalOf('127.0.0.1', 8080, policy), 'own-listener')
  assert.equal(refusalOf('::1', 8080, policy), 'own-listener')
  assert.equal(refusalOf('8.8.8.8', 8080, policy), undefined)
  for (const entry of Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])) {
    assert.equal(refusalOf(entry.address, 8080, policy), 'own-listener', entry.address)
  }
})

test('the Kubernetes API is refused by address and by name', () => {
  assert.equal(refusalOf('10.96.0.1', 443, { kubernetesApiHost: '10.96.0.1' }), 'kubernetes-api')
  assert.equal(isKubernetesName('kubernetes.default.svc'), true)
  assert.equal(isKubernetesName('Kubernetes'), true)
  assert.equal(isKubernetesName('kubernetes.io'), false)
  assert.equal(isKubernetesName('carts.default.svc.cluster.local'), false)
})
