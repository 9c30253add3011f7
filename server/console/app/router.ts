import { type MouseEvent, useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** Goes to another page of the console. */
export function goTo(path: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  window.scrollTo(0, 0);
  tell();
}

/** The address that is open: path and query, without what stands behind the #. */
export function useAddress(): URL {
  const text = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      window.addEventListener('popstate', listener);
      return () => {
        listeners.delete(listener);
        window.removeEventListener('popstate', listener);
      };
    },
    () => location.pathname + location.search,
  );
  return new URL(text, location.origin);
}

/** For links: stays on the page unless the person wants another tab. */
export function followLink(event: MouseEvent<HTMLAnchorElement>): void {
  const { button, metaKey, ctrlKey, shiftKey, currentTarget } = event;
  if (button !== 0 || metaKey || ctrlKey || shiftKey) return;
  event.preventDefault();
  goTo(currentTarget.pathname + currentTarget.search);
}

/** What stands behind the #: the secret of a one-time link. It is never sent as part of an address. */
export function linkSecret(): string {
  return location.hash.slice(1);
}
