const asideMs = 4;

/**
 * A function that hands things over a little later, in order, many at a time: for whoever only watches.
 *
 * From the end of a task to the start of the next lie three hops of a fraction of a millisecond each. What is written and
 * shown of a run must not stand in their way, and has time until they are over.
 */
export function aside<T>(handle: (item: T) => void): (item: T) => void {
  let items: T[] = [];
  return (item) => {
    if (items.length === 0) {
      setTimeout(() => {
        const now = items;
        items = [];
        for (const one of now) handle(one);
      }, asideMs);
    }
    items.push(item);
  };
}
