import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { areFor } from '../../src/adapters/git/git-credentials.ts'

test('credentials are for their host and path, by whole parts', () => {
  const cases: [string, string, boolean][] = [
    ['https://git.example.com', 'https://git.example.com/shop/gitops.git', true],
    ['https://git.example.com/', 'https://GIT.example.com:443/shop/gitops', true],
    ['https://git.example.com/shop', 'https://git.example.com/shop/gitops.git', true],
    ['https://git.example.com/shop/', 'https://git.example.com/shop/gitops.git', true],
    ['https://git.example.com/shop/gitops.git', 'https://git.example.com/shop/gitops', true],
    ['git@git.example.com:shop', 'ssh://git@git.example.com/shop/gitops.git', true],
    ['ssh://git.example.com', 'git@git.example.com:shop/gitops.git', true],
    ['https://git.example.com', 'https://git.example.com.evil.org/shop/gitops.git', false],
    ['https://git.example.com', 'https://git.example.com:8443/shop/gitops.git', false],
    ['https://git.example.com', 'http://git.example.com/shop/gitops.git', false],
    ['https://git.example.com/shop', 'https://git.example.com/shopping/gitops.git', false],
    ['https://git.example.com/shop', 'https://git.example.com/other/shop', false],
    ['git.example.com', 'https://git.example.com/shop.git', false],
    ['', 'https://git.example.com/shop.git', false],
  ]
  for (const [match, repository, expected] of cases) {
    assert.equal(areFor(match, repository), expected, `${match} for ${repository}`)
  }
})
