import { createSqliteStore } from '@tiphys/server/adapters/sqlite/open-sqlite.ts'
import { PROJECT } from './bench-engine.ts'
import { HttpDriver } from './http-driver.ts'
import { type ServerFolder, startServer } from './server-process.ts'

/** Rows that surely hold the creation of the project. */
const FIRST_ROWS = 64

/** A data folder with a project, made by a server through its API. */
export async function prepareProject(folder: ServerFolder, services: number): Promise<void> {
  const server = await startServer(folder)
  await new HttpDriver(server.pool, 'events').createProject(services)
  await server.stop()
}

/** The id of that project. */
export async function projectIdIn(file: string): Promise<string> {
  const store = createSqliteStore({ file })
  try {
    const rows = await store.readLog(0, FIRST_ROWS)
    const found = rows.find(({ projectId }) => projectId !== undefined)?.projectId
    if (found === undefined) throw new Error(`project ${PROJECT} is not in the log`)
    return found
  } finally {
    await store.close()
  }
}
