import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { parseRepositoryUrl, sameRepository } from './repository-url.ts'

test('one repository by many names', () => {
  const names = [
    'https://git.example.com/Shop/gitops.git',
    'https://git.example.com/shop/gitops',
    'https://git.example.com:443/shop/gitops/',
    'git@git.example.com:shop/gitops.git',
    'ssh://git@git.example.com/shop/gitops.git',
    'ssh://git@git.example.com:22/shop/gitops',
    ' https://GIT.example.com/shop/gitops.git ',
  ]
  for (const name of names) assert.ok(sameRepository(name, names[0] ?? ''), name)
})

test('other host, port or path is another repository', () => {
  const url = 'https://git.example.com/shop/gitops.git'
  assert.ok(!sameRepository(url, 'https://git.example.org/shop/gitops.git'))
  assert.ok(!sameRepository(url, 'https://git.example.com:8443/shop/gitops.git'))
  assert.ok(!sameRepository(url, 'https://git.example.com/shop/gitops2.git'))
  assert.ok(!sameRepository('file:///srv/Shop.git', 'file:///srv/shop.git'))
})

test('URLs that reach for more than a repository are refused', () => {
  const refused = [
    '',
    '-uexec=id',
    '--upload-pack=touch x',
    'ext::sh -c id',
    'https://user:word@git.example.com/x.git',
    'https://token@git.example.com/x.git',
    'ssh://-oProxyCommand=id/x.git',
    '-oProxyCommand=id@host:x',
    'https://git.example.com/a/../b.git',
    'https://git.example.com/',
    'https://git.example.com/a b.git',
    'https://git.example.com/a\nb.git',
    'file://host/share/x.git',
    '/srv/git/x.git',
    'git://git.example.com/x.git',
    'https://git.example.com/x.git?service=y',
  ]
  for (const url of refused) assert.equal(parseRepositoryUrl(url).code, 'invalid', url)
})
