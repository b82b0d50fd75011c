/** A picture that is as large as its frame, or larger: moved and zoomed by wheel, pointer, fingers, keys and buttons. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Picture } from './picture.ts';

interface Place {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const scales = { least: 0.1, most: 3 };

export function PanZoom({ picture, label }: { readonly picture: Picture; readonly label: string }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const place = useSignal<Place>({ scale: 1, x: 0, y: 0 });
  /** Whether it is to fit, whatever size the frame gets. */
  const fits = useSignal(true);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    element.replaceChildren(picture.svg);
    const observer = new ResizeObserver(() => {
      if (fits.peek()) place.value = fitting(element, picture);
    });
    observer.observe(element);
    fits.value = true;
    place.value = fitting(element, picture);
    const stop = listen(element, place, fits);
    return () => {
      observer.disconnect();
      stop();
    };
  }, [picture]);
  useEffect(() => {
    const { scale, x, y } = place.value;
    picture.svg.style.transformOrigin = '0 0';
    picture.svg.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  }, [picture, place.value]);
  const zoom = (factor: number): void => {
    const element = frame.current;
    if (element === null) return;
    fits.value = false;
    place.value = zoomed(place.peek(), factor, element.clientWidth / 2, element.clientHeight / 2);
  };
  const fit = (): void => {
    fits.value = true;
    if (frame.current !== null) place.value = fitting(frame.current, picture);
  };
  const read = (): void => {
    fits.value = false;
    if (frame.current !== null) place.value = readable(frame.current, picture);
  };
  const move = (x: number, y: number): void => {
    fits.value = false;
    place.value = { ...place.peek(), x: place.peek().x + x, y: place.peek().y + y };
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => move(60, 0),
      ArrowRight: () => move(-60, 0),
      ArrowUp: () => move(0, 60),
      ArrowDown: () => move(0, -60),
      '+': () => zoom(1.25),
      '=': () => zoom(1.25),
      '-': () => zoom(0.8),
      '0': fit,
      '9': read,
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <div class="pan-zoom">
      <div
        ref={frame}
        class="picture"
        tabIndex={0}
        role="group"
        aria-label={`${label}. Arrows move it, plus and minus zoom, 0 fits it, 9 is for reading.`}
        onKeyDown={onKey}
      />
      <div class="zoom-buttons" role="group" aria-label="Zoom">
        <button aria-label="Zoom in" onClick={() => zoom(1.25)}>
          +
        </button>
        <button aria-label="Zoom out" onClick={() => zoom(0.8)}>
          −
        </button>
        <button disabled={place.value.scale === 1} aria-label="100 %: as large as it is to be read" onClick={read}>
          100 %
        </button>
        <button disabled={fits.value} onClick={fit}>
          Fit
        </button>
      </div>
    </div>
  );
}

/** All of it, in the middle, no larger than it was drawn. */
function fitting(frame: HTMLElement, { width, height }: Picture): Place {
  const { clientWidth, clientHeight } = frame;
  const scale = Math.min(1, clientWidth / Math.max(1, width), clientHeight / Math.max(1, height));
  return { scale, x: (clientWidth - width * scale) / 2, y: Math.max(0, (clientHeight - height * scale) / 2) };
}

/** As it was drawn, with what is active in the middle. */
function readable(frame: HTMLElement, picture: Picture): Place {
  const active = [...picture.states.values()].flat().filter((one) => one.matches('.active:not(.machine)'));
  const middle = active
    .flatMap((one) => (one instanceof SVGGraphicsElement ? [one.getBBox()] : []))
    .map(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))
    .at(-1) ?? { x: picture.width / 2, y: picture.height / 2 };
  const along = (room: number, size: number, at: number): number =>
    size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, room / 2 - at));
  return {
    scale: 1,
    x: along(frame.clientWidth, picture.width, middle.x),
    y: along(frame.clientHeight, picture.height, middle.y),
  };
}

function zoomed({ scale, x, y }: Place, factor: number, atX: number, atY: number): Place {
  const next = Math.min(scales.most, Math.max(scales.least, scale * factor));
  const by = next / scale;
  return { scale: next, x: atX - (atX - x) * by, y: atY - (atY - y) * by };
}

function listen(frame: HTMLElement, place: Signal<Place>, fits: Signal<boolean>): () => void {
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const held = new Map<number, { x: number; y: number }>();
  const local = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = frame.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  frame.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = local(event);
      fits.value = false;
      place.value = zoomed(place.peek(), Math.exp(-Math.min(1, Math.max(-1, event.deltaY * 0.002))), x, y);
    },
    { ...options, passive: false },
  );
  frame.addEventListener(
    'pointerdown',
    (event) => {
      frame.setPointerCapture(event.pointerId);
      held.set(event.pointerId, local(event));
    },
    options,
  );
  frame.addEventListener(
    'pointermove',
    (event) => {
      const before = held.get(event.pointerId);
      if (before === undefined) return;
      const now = local(event);
      const [other] = [...held].filter(([id]) => id !== event.pointerId);
      fits.value = false;
      if (other === undefined) {
        place.value = { ...place.peek(), x: place.peek().x + now.x - before.x, y: place.peek().y + now.y - before.y };
      } else {
        const [, { x, y }] = other;
        const factor = Math.hypot(now.x - x, now.y - y) / Math.max(16, Math.hypot(before.x - x, before.y - y));
        place.value = zoomed(place.peek(), factor, (now.x + x) / 2, (now.y + y) / 2);
      }
      held.set(event.pointerId, now);
    },
    options,
  );
  for (const type of ['pointerup', 'pointercancel'] as const) {
    frame.addEventListener(type, ({ pointerId }) => held.delete(pointerId), options);
  }
  return () => stop.abort();
}
