import { useEffect, useRef, useSyncExternalStore } from 'react';

let open = 0;
const listeners = new Set<() => void>();

function count(by: 1 | -1): void {
  open += by;
  for (const listener of listeners) listener();
}

/** Counts a window over the page while it is there. */
export function useCountedWindow(): void {
  useEffect(() => {
    count(1);
    return () => count(-1);
  }, []);
}

/**
 * The value, and while a window is open over the page the one from when it was opened: what is told meanwhile neither moves the list behind the
 * window nor takes the window away with the card that it belongs to.
 */
export function useHeld<Value>(value: Value): Value {
  const holding = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open > 0,
  );
  const held = useRef(value);
  if (!holding) held.current = value;
  return held.current;
}
