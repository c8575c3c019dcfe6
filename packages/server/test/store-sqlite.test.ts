import { storeContract } from './store-contract.ts'
import { temporarySqlite } from './store-folder.ts'

storeContract('sqlite', (t, options) => temporarySqlite(t, options).store)
