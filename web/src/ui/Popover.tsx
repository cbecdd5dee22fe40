// SPDX-License-Identifier: Apache-2.0
// A native popover under the button that opens it: Esc and a click elsewhere close it, focus returns.
import { useEffect, useId, useRef, useState, type ReactNode, type RefObject } from 'react';

/** Puts `panel` below (or, without room, above) `anchor`, inside the window. */
export function place(panel: HTMLElement, anchor: DOMRect): void {
  const margin = 8;
  const { width, height } = panel.getBoundingClientRect();
  const left = Math.max(margin, Math.min(anchor.left, window.innerWidth - width - margin));
  const isBelow = anchor.bottom + height + margin <= window.innerHeight || anchor.top < height;
  const top = isBelow
    ? Math.min(anchor.bottom + 4, window.innerHeight - margin - Math.min(height, 120))
    : anchor.top - height - 4;
  panel.style.left = `${left}px`;
  panel.style.top = `${top}px`;
}

/** Places the panel, again whenever its content changes size, and takes the focus in once there is something to focus. */
function settle(panel: HTMLElement, anchor: () => DOMRect): () => void {
  const look = () => {
    place(panel, anchor());
    if (!panel.contains(document.activeElement)) panel.querySelector<HTMLElement>('input, button, a')?.focus();
  };
  look();
  const observer = new ResizeObserver(look);
  observer.observe(panel);
  return () => observer.disconnect();
}

interface PopoverProps {
  label: string;
  button: ReactNode;
  buttonClass?: string;
  title?: string;
  isPressed?: boolean;
  children: (close: () => void) => ReactNode;
}

export function Popover({ label, button, buttonClass = 'button', title, isPressed, children }: PopoverProps) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = () => panel.current?.hidePopover();
  useEffect(() => {
    const [element, button] = [panel.current, opener.current];
    return isOpen && element && button ? settle(element, () => button.getBoundingClientRect()) : undefined;
  }, [isOpen]);
  return (
    <>
      <button
        ref={opener}
        type="button"
        className={buttonClass}
        popoverTarget={id}
        title={title}
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        aria-pressed={isPressed}
      >
        {button}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        className="popover"
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        {isOpen && children(close)}
      </div>
    </>
  );
}

/** A popover that is opened from code, for cells of a grid. `anchor` null closes it. */
export function AnchoredPopover({
  label,
  anchor,
  onClose,
  children,
}: {
  label: string;
  anchor: DOMRect | null;
  onClose: () => void;
  children: ReactNode;
}) {
  const panel = useRef<HTMLDivElement>(null);
  usePlaced(panel, anchor);
  return (
    <div
      ref={panel}
      popover="auto"
      role="dialog"
      aria-label={label}
      className="popover"
      onToggle={(event) => event.newState === 'closed' && onClose()}
    >
      {anchor && children}
    </div>
  );
}

function usePlaced(panel: RefObject<HTMLDivElement | null>, anchor: DOMRect | null): void {
  useEffect(() => {
    const element = panel.current;
    if (!element) return undefined;
    if (!anchor) {
      if (element.matches(':popover-open')) element.hidePopover();
      return undefined;
    }
    if (!element.matches(':popover-open')) element.showPopover();
    return settle(element, () => anchor);
  }, [panel, anchor]);
}
