import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isWindowClosed } from './sync-windows.ts'

const allow = { kind: 'allow' }
const deny = { kind: 'deny' }

test('a sync by hand follows what Argo CD says about it', () => {
  assert.equal(isWindowClosed({ canSync: false }, 'tiphys'), true)
  assert.equal(isWindowClosed({ canSync: true, activeWindows: [deny] }, 'tiphys'), false)
  assert.equal(isWindowClosed({}, 'tiphys'), false)
})

test('auto-sync is closed by an active deny, or when no allow window is active', () => {
  assert.equal(isWindowClosed({ assignedWindows: null, activeWindows: null }, 'argocd'), false)
  assert.equal(isWindowClosed({ canSync: true, activeWindows: [deny, allow] }, 'argocd'), true)
  assert.equal(isWindowClosed({ assignedWindows: [allow, deny] }, 'argocd'), true)
  assert.equal(
    isWindowClosed({ assignedWindows: [allow], activeWindows: [allow] }, 'argocd'),
    false,
  )
  assert.equal(isWindowClosed({ assignedWindows: [deny] }, 'argocd'), false)
})
