#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// Reading a hundred small files costs more than what most commands do: with the cache `tiphys --help` takes half the time. It is the
// user's own folder, because what is in it runs; where it cannot be written there is no cache.
const cacheHome = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
enableCompileCache(join(cacheHome, 'tiphys', 'compile'))

const { runCli } = await import('./cli.ts')
await runCli(process.argv.slice(2))
