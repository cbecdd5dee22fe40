// SPDX-License-Identifier: Apache-2.0
import { useEffect, useId, useRef, type ReactNode } from 'react';

interface DialogProps {
  title: string;
  className?: string;
  isTitleHidden?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog; while it is rendered it is open. Focus trap and Esc are the browser's own. */
export function Dialog({ title, className, isTitleHidden, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-labelledby={id}
      onClose={onClose}
      onCancel={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <h2 id={id} className={isTitleHidden ? 'hidden-visually' : undefined}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}
