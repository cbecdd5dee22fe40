// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'react';

/** The browser's title for a page. */
export function usePage(title: string): void {
  useEffect(() => {
    document.title = `${title} · linewatch`;
  }, [title]);
}
