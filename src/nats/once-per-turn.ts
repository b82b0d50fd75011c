/**
 * A function that has the action done once, at the end of this turn of the event loop, however often it is called.
 *
 * What is published in one action leaves in one write. A write wakes the server and costs more than all else that we do
 * for a small task; the end of the turn is some microseconds away.
 */
export function oncePerTurn(action: () => void): () => void {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      action();
    });
  };
}
