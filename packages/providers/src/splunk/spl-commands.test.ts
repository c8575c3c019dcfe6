import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { asSearch, refusedCommand } from './spl-commands.ts'

test('what does not begin with a command is searched for', () => {
  for (const [text, search] of [
    ['index=shop status=500 | stats count', 'search index=shop status=500 | stats count'],
    ['  search index=shop\n', 'search index=shop'],
    ['SEARCH index=shop', 'SEARCH index=shop'],
    ['| tstats count where index=shop', '| tstats count where index=shop'],
    ['searching', 'search searching'],
    ['`shop_requests` | stats count', 'search `shop_requests` | stats count'],
  ] as const) {
    assert.equal(asSearch(text), search)
  }
})

test('commands that change, send or run something are found wherever they stand', () => {
  for (const [search, command] of [
    ['search index=shop | delete', 'delete'],
    ['search index=shop|\n  OutputLookup x.csv', 'outputlookup'],
    ['| inputlookup a | outputlookup b', 'outputlookup'],
    ['| sendemail to="a@b.example"', 'sendemail'],
    ['search a | stats count | collect index=summary', 'collect'],
    ['search a | map search="search b | stats count"', 'map'],
    ['| script python x', 'script'],
    ['| run x', 'run'],
    ['search a | append [ search b | outputcsv c ]', 'outputcsv'],
    ['search a [| dbxquery query="drop"]', 'dbxquery'],
    ['search a | append [ delete ]', 'delete'],
    ['search a | ```why``` delete', 'delete'],
    ['search a | `comment("x")` delete', 'delete'],
    ['search a | `m("x|y")`delete', 'delete'],
    // One reading sees a text where another sees a command.
    ['search foo\\" | delete "', 'delete'],
    [`| eval x='a"b' | delete | eval y='c"d'`, 'delete'],
    ["search don't | delete | eval y=don't", 'delete'],
  ] as const) {
    assert.equal(refusedCommand(search), command, search)
  }
})

test('words that only look like them are let through', () => {
  for (const search of [
    'search index=shop delete | stats count',
    'search action="x | delete" | stats count by action',
    'search index=shop | rex "(?<verb>get|delete|run)" | stats count',
    'search index=shop | eval a=mvindex(split(x,"| delete"),0) | stats avg(a)',
    'search index=shop | stats count as delete',
    'search index=shop | rename "a \\" | delete" as b',
    '| tstats count where index=shop by _time span=1m',
    'search a | ``` | delete ``` stats count',
    'search path="[delete]" | timechart span=1m p95(ms)',
    'search index=shop | stats count ``` not closed | delete',
    '',
    '|',
  ]) {
    assert.equal(refusedCommand(search), undefined, search)
  }
})

test('no text in quotes hides a command behind it, and none is one', () => {
  const text = fc.string({ maxLength: 20 }).map((raw) => raw.replaceAll(/["'`\\[\]]/g, ''))
  const spaces = fc.constantFrom('', ' ', '\n', ' \t ')
  fc.assert(
    fc.property(text, text, spaces, (inside, after, space) => {
      const quoted = `search a="${inside}| delete"${space}`
      assert.equal(refusedCommand(`${quoted}| stats count`), undefined)
      const behind = `${quoted}|${space}delete "${after}"`
      assert.equal(refusedCommand(behind), 'delete', behind)
    }),
  )
})
