import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { checkProject, checkScope, isForEveryProject } from '../../src/api/access.ts'
import type { Actor, Scope } from '../../src/intake/actor.ts'
import { TIPHYS } from '../../src/intake/actor.ts'
import { allows } from '../../src/security/allows.ts'

const SCOPES: readonly Scope[] = ['trigger', 'answer', 'approve', 'read', 'configure', 'admin']

function actor(scopes: readonly Scope[], projects: readonly string[]): Actor {
  return { name: 'somebody', scopes, projects }
}

test('a scope allows itself and nothing else; admin allows everything', () => {
  for (const given of SCOPES) {
    for (const needed of SCOPES) {
      const expected = given === needed || given === 'admin'
      assert.equal(allows(actor([given], ['*']), needed, 'shop'), expected, `${given} ${needed}`)
      assert.equal(allows(actor([given], ['*']), needed), expected, `${given} ${needed}, server`)
    }
  }
})

for (const [projects, project, expected] of [
  [['*'], 'shop', true],
  [['*'], undefined, true],
  [['shop'], 'shop', true],
  [['other', 'shop'], 'shop', true],
  [['shop'], 'other', false],
  [['shop'], 'Shop', false],
  [['shop'], 'shop2', false],
  [['shop'], undefined, false],
  [['shop'], '', false],
  [[''], '', false],
  [[], 'shop', false],
  [[], undefined, false],
  [['shop'], '*', false],
  [['sh*'], 'shop', false],
] as const) {
  test(`a token for [${projects}] ${expected ? 'reaches' : 'does not reach'} ${project ?? 'the server'}`, () => {
    assert.equal(allows(actor(['read'], projects), 'read', project), expected)
    assert.equal(allows(actor(['admin'], projects), 'read', project), expected)
  })
}

test('without a scope nothing is allowed; Tiphys itself may do everything', () => {
  for (const scope of SCOPES) {
    assert.equal(allows(actor([], ['*']), scope, 'shop'), false)
    assert.equal(allows(TIPHYS, scope), true)
  }
})

test('the door of the API and the intake decide alike', () => {
  for (const scopes of [...SCOPES.map((scope) => [scope]), ['read', 'trigger'] as const]) {
    for (const projects of [['*'], ['shop'], []]) {
      const who = actor(scopes, projects)
      for (const needed of SCOPES) {
        const passesScope = checkScope(who, [needed]) === undefined
        const passesDoor = passesScope && checkProject(who, 'shop') === undefined
        assert.equal(allows(who, needed, 'shop'), passesDoor)
        assert.equal(allows(who, needed), passesScope && isForEveryProject(who))
      }
    }
  }
})
