import { describe, type TestContext } from 'node:test'
import type { Store } from '../src/ports/store.ts'
import { commitContract } from './store-contract-commit.ts'
import { forgetContract } from './store-contract-forget.ts'
import { queryContract } from './store-contract-query.ts'
import { sideRowsContract } from './store-contract-side-rows.ts'
import { tailContract } from './store-contract-tail.ts'

export type StoreOptions = { readonly maxBehind?: number }
/** A new, empty store that is closed and removed when the test ends. */
export type StoreFactory = (t: TestContext, options?: StoreOptions) => Store | Promise<Store>

/** What every adapter of the store port must do. No adapter without it. */
export function storeContract(name: string, factory: StoreFactory): void {
  describe(`store contract: ${name}`, () => {
    commitContract(factory)
    tailContract(factory)
    queryContract(factory)
    sideRowsContract(factory)
    forgetContract(factory)
  })
}
