import { createMemoryStore } from '../src/adapters/memory/memory-store.ts'
import { storeContract } from './store-contract.ts'

storeContract('memory', (t, options) => {
  const store = createMemoryStore(options)
  t.after(() => store.close())
  return store
})
