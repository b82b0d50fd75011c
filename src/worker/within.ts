/** setTimeout takes no more, and ends at once when it is given more. */
const longestMs = 2 ** 31 - 1;

/** Wait for this, but no longer than so many ms: the server may be away. */
export async function within(ms: number, promise: Promise<void> | undefined): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise<void>((resolve) => (late = setTimeout(resolve, Math.min(ms, longestMs))))]);
  clearTimeout(late);
}
