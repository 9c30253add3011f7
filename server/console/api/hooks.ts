import { useCallback, useEffect, useRef, useState } from 'react';
import { isApiError, newKey } from './client.ts';

export interface Loaded<Value> {
  /** What was read last; kept while it is read anew. */
  readonly value: Value | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

/**
 * Reads something from the API and keeps it; anew when `asked` changes, when `reload` is called and every `everyMs`. `asked` names what is
 * read (its address, say); null: nothing yet.
 */
export function useLoad<Value>(
  asked: string | null,
  read: (signal: AbortSignal) => Promise<Value>,
  everyMs: number | null = null,
): Loaded<Value> {
  const [state, setState] = useState<{ asked: string | null; value?: Value; error?: unknown }>({ asked });
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const reload = useCallback(() => setTurn((before) => before + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` is what asks for the same thing again
  useEffect(() => {
    if (asked === null) return;
    const given = new AbortController();
    latest.current(given.signal).then(
      (value) => {
        if (!given.signal.aborted) setState({ asked, value });
      },
      (error: unknown) => {
        if (given.signal.aborted) return;
        // What was read before stays on the screen beside the error.
        setState((before) => (before.asked === asked ? { ...before, error } : { asked, error }));
      },
    );
    return () => given.abort();
  }, [asked, turn]);

  useEffect(() => {
    if (everyMs === null || asked === null) return;
    const timer = setInterval(reload, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, asked, reload]);

  const current = state.asked === asked ? state : { asked };
  return { value: current.value, error: current.error, reload };
}

export interface Act<Args extends readonly unknown[]> {
  readonly busy: boolean;
  readonly error: unknown;
  /** Runs it; resolves with whether it was done. */
  readonly run: (...args: Args) => Promise<boolean>;
  readonly clear: () => void;
}

/**
 * Something that a person does. Its key is kept until it was answered: who presses again after the line was cut sends the same act once more, and
 * it happens once. Who changed a field meanwhile sends another request, for which `call` makes another key of it.
 */
export function useAct<Args extends readonly unknown[]>(
  work: (key: string, ...args: Args) => Promise<unknown>,
): Act<Args> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const open = useRef<{ args: string; key: string } | null>(null);
  const latest = useRef(work);
  latest.current = work;

  const run = useCallback(async (...args: Args) => {
    const text = JSON.stringify(args);
    if (open.current?.args !== text) open.current = { args: text, key: newKey() };
    setBusy(true);
    setError(undefined);
    try {
      await latest.current(open.current.key, ...args);
      open.current = null;
      return true;
    } catch (caught) {
      // Answered with a refusal it did not happen: the next try is another act.
      if (!isApiError(caught, 'console.offline', 'console.unreadable', 'server.internal'))
        open.current = null;
      setError(caught);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(undefined), []);
  return { busy, error, run, clear };
}
