/**
 * Open-loop arrivals: sequences begin at random times with a given mean rate, whether or not earlier ones are over, as pushes of
 * people do. What a slow moment delays is counted with its whole delay.
 */
export async function playArrivals(
  ratePerS: number,
  durationMs: number,
  play: (index: number) => Promise<void>,
): Promise<void> {
  const playing: Promise<void>[] = []
  const startMs = performance.now()
  for (let dueMs = 0, index = 0; dueMs < durationMs; index++) {
    const waitMs = startMs + dueMs - performance.now()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    playing.push(play(index))
    dueMs += (-Math.log(1 - Math.random()) * 1_000) / ratePerS
  }
  await Promise.all(playing)
}
