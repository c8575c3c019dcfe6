/**
 * What load tests of one server may use together (behaviour.md 11). Who asks for more than is free waits, first come first served, so
 * that a large test is not overtaken for ever by small ones.
 */
export interface LoadBudget {
  readonly limits: LoadShare
  /** Whether it would be given at once. */
  isFree(share: LoadShare): boolean
  /** Resolves with the way to give it back. Rejects when the signal aborts. Asking for more than the limits is a bug of the caller. */
  acquire(share: LoadShare, signal: AbortSignal): Promise<() => void>
}

export type LoadShare = { readonly ratePerS: number; readonly connections: number }

type Waiting = { readonly share: LoadShare; readonly grant: () => void }

export function createLoadBudget(limits: LoadShare): LoadBudget {
  let used: LoadShare = { ratePerS: 0, connections: 0 }
  const queue: Waiting[] = []

  function grantNext(): void {
    for (let next = queue[0]; next !== undefined && fits(next.share); next = queue[0]) {
      queue.shift()
      used = plus(used, next.share, 1)
      next.grant()
    }
  }

  function fits(share: LoadShare): boolean {
    const wanted = plus(used, share, 1)
    // Rates are fractions: what was added and taken away again may leave a rounding error.
    const rounding = 1e-6
    return wanted.ratePerS <= limits.ratePerS + rounding && wanted.connections <= limits.connections
  }

  function releaseOnce(share: LoadShare): () => void {
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      used = plus(used, share, -1)
      grantNext()
    }
  }

  return {
    limits,
    isFree: (share) => queue.length === 0 && fits(share),
    acquire: (share, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const waiting: Waiting = {
          share,
          grant: () => {
            signal.removeEventListener('abort', giveUp)
            resolve(releaseOnce(share))
          },
        }
        function giveUp(): void {
          queue.splice(queue.indexOf(waiting), 1)
          reject(signal.reason)
          grantNext()
        }
        signal.addEventListener('abort', giveUp, { once: true })
        queue.push(waiting)
        grantNext()
      }),
  }
}

function plus(left: LoadShare, right: LoadShare, sign: 1 | -1): LoadShare {
  return {
    ratePerS: left.ratePerS + sign * right.ratePerS,
    connections: left.connections + sign * right.connections,
  }
}
