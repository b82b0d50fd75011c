/**
 * Ends this process for an error of the setup: its message alone where it was written for people, with the exit code of its kind.
 * @param {unknown} error
 * @returns {never}
 */
export function failed(error) {
  const known = error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number';
  if (!known) throw error;
  console.error(error.message);
  process.exit(error.exitCode);
}
