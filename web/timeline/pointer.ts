/** Mouse, pen and fingers on the timeline: drag selects, a drag with Shift or a finger moves, the wheel and two fingers zoom. */

export interface PointerTarget {
  readonly isInGutter: (x: number) => boolean;
  readonly hover: (x: number, y: number) => void;
  readonly leave: () => void;
  readonly select: (from: number, to: number) => void;
  /** @param isTaken false when it was given up */
  readonly selected: (isTaken: boolean) => void;
  readonly click: (x: number, y: number) => void;
  readonly zoom: (factor: number, x: number) => void;
  readonly pan: (pixels: number) => void;
  readonly scroll: (pixels: number) => void;
}

interface Held {
  readonly id: number;
  readonly startX: number;
  x: number;
  y: number;
  /** What it has become after some pixels. */
  as: 'press' | 'select' | 'pan';
}

/** A press that moves no further is a click. */
const slack = 4;

/** Listens until the function that comes back is called. */
export function listenToPointer(canvas: HTMLCanvasElement, target: PointerTarget): () => void {
  const held = new Map<number, Held>();
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const place = ({ offsetX: x, offsetY: y }: MouseEvent): { x: number; y: number } => ({ x, y });
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button > 1) return;
      const { x, y } = place(event);
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, { id: event.pointerId, startX: x, x, y, as: 'press' });
      if (held.size === 2) target.selected(false);
    },
    options,
  );
  canvas.addEventListener(
    'pointermove',
    (event) => {
      const { x, y } = place(event);
      const one = held.get(event.pointerId);
      if (one === undefined) target.hover(x, y);
      else if (held.size === 2) pinch(held, one, x, target);
      else drag(one, event, x, target);
      if (one !== undefined) Object.assign(one, { x, y });
    },
    options,
  );
  const end = (event: PointerEvent): void => {
    const one = held.get(event.pointerId);
    if (one === undefined) return;
    held.delete(event.pointerId);
    if (one.as === 'select') target.selected(event.type === 'pointerup');
    else if (one.as === 'press' && event.type === 'pointerup' && held.size === 0) target.click(one.x, one.y);
  };
  canvas.addEventListener('pointerup', end, options);
  canvas.addEventListener('pointercancel', end, options);
  canvas.addEventListener('pointerleave', () => target.leave(), options);
  canvas.addEventListener('wheel', (event) => onWheel(event, place(event).x, target), { ...options, passive: false });
  return () => stop.abort();
}

function drag(one: Held, event: PointerEvent, x: number, target: PointerTarget): void {
  if (one.as === 'press') {
    if (Math.abs(x - one.startX) < slack) return;
    const moves = event.pointerType === 'touch' || event.shiftKey || event.buttons === 4;
    one.as = moves ? 'pan' : 'select';
    target.leave();
  }
  if (one.as === 'pan') target.pan(x - one.x);
  else target.select(one.startX, x);
}

function pinch(held: ReadonlyMap<number, Held>, moved: Held, x: number, target: PointerTarget): void {
  const other = [...held.values()].find(({ id }) => id !== moved.id);
  if (other === undefined) return;
  moved.as = other.as = 'pan';
  const before = Math.max(16, Math.abs(moved.x - other.x));
  const after = Math.max(16, Math.abs(x - other.x));
  target.zoom(before / after, (x + other.x) / 2);
}

function onWheel(event: WheelEvent, x: number, target: PointerTarget): void {
  event.preventDefault();
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const [across, down] = [event.deltaX * unit, event.deltaY * unit];
  if (target.isInGutter(x)) target.scroll(down);
  else if (event.shiftKey) target.pan(-(down === 0 ? across : down));
  else if (Math.abs(across) > Math.abs(down)) target.pan(-across);
  else target.zoom(Math.exp(Math.min(1, Math.max(-1, down * 0.002))), x);
}
