/** Lists that do not move under the pointer: what comes while one points into them, or has the focus there, is shown afterwards. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** A pointer that rests, or a focus that was left behind, holds no list for longer, ms. */
const heldMs = 15_000;

/** Shows `value` by `children`, or while it is held the one that was shown last; `title` is the list's heading. */
export function Held<T>({
  value,
  title,
  extra,
  className,
  children,
}: {
  readonly value: T;
  readonly title: string;
  /** Behind the heading. */
  readonly extra?: ComponentChildren;
  readonly className?: string;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  const { isHeld, hold, release } = useHold();
  const last = useRef(value);
  if (!isHeld) last.current = value;
  const isOld = last.current !== value;
  return (
    <section
      class={className}
      aria-label={title}
      onPointerMove={({ pointerType }) => pointerType === 'mouse' && hold()}
      onPointerLeave={({ currentTarget }) => !hasFocus(currentTarget) && release()}
      onFocusIn={hold}
      onKeyDown={hold}
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) release();
      }}
    >
      <div class="heading">
        <h2>{title}</h2>
        {extra}
        <span class="small quiet hold">{isHeld && isOld ? 'held while you are in it' : ''}</span>
      </div>
      {children(last.current)}
    </section>
  );
}

function useHold(): { readonly isHeld: boolean; readonly hold: () => void; readonly release: () => void } {
  const [isHeld, setIsHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const release = (): void => {
    clearTimeout(timer.current);
    setIsHeld(false);
  };
  const hold = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(release, heldMs);
    setIsHeld(true);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return { isHeld, hold, release };
}

const hasFocus = (element: Element): boolean =>
  document.activeElement !== null && element.contains(document.activeElement);
