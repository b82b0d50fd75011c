/** Wait for this, but no longer than so many ms: the server may be away. */
export async function within(ms: number, promise: Promise<void> | undefined): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise<void>((resolve) => (late = setTimeout(resolve, ms)))]);
  clearTimeout(late);
}
