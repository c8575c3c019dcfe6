#!/usr/bin/env node
// Plain JavaScript, so that a Node that cannot run TypeScript says so in one sentence instead of a syntax error.
const NEEDED_MAJOR = 24

if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR) {
  process.stderr.write(
    `tiphys-argocd-simulator needs Node ${NEEDED_MAJOR} or newer; this is ${process.versions.node}.\n`,
  )
  process.exit(2)
}
await import('../src/main.ts')
