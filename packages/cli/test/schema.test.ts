import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SCHEMA_NAMES, schemaText } from '@tiphys/providers/schemas/file-schemas.ts'
import { createCli } from './run-cli.ts'

test('the schema of a file is printed without a server', async (t) => {
  const cli = createCli(t)
  const { code, stdout } = await cli.run(['get', 'schema', 'slo'])
  assert.deepEqual([code, stdout], [0, schemaText('slo')])
})

test('without a name it says which there are, with --into it writes them all', async (t) => {
  const cli = createCli(t)
  const list = await cli.run(['get', 'schemas'])
  assert.match(list.stdout, /^name +file\nshipyard +shipyard\.yaml\nslo +slo\.yaml\n/)
  const json = await cli.run(['get', 'schemas', '-o', 'json'])
  assert.deepEqual(JSON.parse(json.stdout).schemas[1], { name: 'slo', file: 'slo.yaml' })
  const written = await cli.run(['get', 'schema', '--into', 'editor/schemas'])
  assert.equal(written.code, 0)
  const folder = join(cli.home, 'editor/schemas')
  assert.deepEqual(readdirSync(folder).sort(), SCHEMA_NAMES.map((name) => `${name}.json`).sort())
  for (const name of SCHEMA_NAMES) {
    assert.equal(readFileSync(join(folder, `${name}.json`), 'utf8'), schemaText(name))
  }
})

test('a schema that is not there is answered with what was meant', async (t) => {
  const cli = createCli(t)
  const { code, stderr } = await cli.run(['get', 'schema', 'shipyrd.yaml'])
  assert.equal(code, 2)
  assert.equal(stderr, 'tiphys: there is no schema shipyrd.yaml; did you mean shipyard?\n')
})
