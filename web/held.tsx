/** Lists that do not move under the pointer: what comes while one points into them, or has the focus there, is shown afterwards. */
import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

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
  const [isHeld, setIsHeld] = useState(false);
  const last = useRef(value);
  if (!isHeld) last.current = value;
  const isOld = last.current !== value;
  return (
    <section
      class={className}
      aria-label={title}
      onPointerEnter={({ pointerType }) => setIsHeld(pointerType === 'mouse')}
      onPointerLeave={({ currentTarget }) => setIsHeld(hasFocus(currentTarget))}
      onFocusIn={() => setIsHeld(true)}
      onFocusOut={({ currentTarget, relatedTarget }) =>
        setIsHeld(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))
      }
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

const hasFocus = (element: Element): boolean =>
  document.activeElement !== null && element.contains(document.activeElement);
