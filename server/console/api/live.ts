import { useEffect, useRef } from 'react';
import { API } from './client.ts';

/** Live events that pages wait for, as `GET /events` names them. */
const NAMES = [
  'announcement.changed',
  'approval.due',
  'approval.standing',
  'backup.changed',
  'emergency.changed',
  'priority.undecided',
] as const;
type LiveEventName = (typeof NAMES)[number];

interface Listener {
  readonly names: readonly LiveEventName[];
  readonly told: (name: LiveEventName | null, data: unknown) => void;
}

const listeners = new Set<Listener>();
let stream: EventSource | null = null;
/** Of what was heard last: what came while the page was hidden is told when it is shown again. */
let last = '';

function heard(name: LiveEventName | null, event: MessageEvent<string>): void {
  last = event.lastEventId;
  const data: unknown = name === null ? null : JSON.parse(event.data);
  for (const one of [...listeners]) if (name === null || one.names.includes(name)) one.told(name, data);
}

/** One stream while somebody listens and the page is shown. */
function settle(): void {
  const wanted = listeners.size > 0 && document.visibilityState === 'visible';
  if (!wanted) {
    stream?.close();
    stream = null;
    // The next one to log in here hears from then on.
    if (listeners.size === 0) last = '';
  } else if (stream === null || stream.readyState === EventSource.CLOSED) {
    stream = new EventSource(`${API}/events${last === '' ? '' : `?lastEventId=${encodeURIComponent(last)}`}`);
    for (const name of NAMES) stream.addEventListener(name, (event) => heard(name, event));
    stream.addEventListener('resync', (event) => heard(null, event));
    stream.addEventListener('hello', ({ lastEventId }) => {
      last = lastEventId;
    });
  }
}

document.addEventListener('visibilitychange', () => {
  const before = stream;
  settle();
  if (stream === null || stream === before) return;
  for (const one of [...listeners]) one.told(null, null);
});

/**
 * Calls `onEvent` when one of these happens, with its data, and with null when some may have been missed. All of a tab share one stream, which is
 * closed while the page is hidden: a browser opens six connections to a controller without HTTP/2, and tabs that nobody looks at would hold them
 * all. Shown again, the page is told to load anew. What nothing tells of (time that passes) is for asking now and then.
 */
export function useLive(
  names: readonly LiveEventName[],
  onEvent: (name: LiveEventName | null, data: unknown) => void,
): void {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  const wanted = names.join(' ');
  useEffect(() => {
    const listener: Listener = {
      names: NAMES.filter((name) => wanted.split(' ').includes(name)),
      told: (name, data) => latest.current(name, data),
    };
    listeners.add(listener);
    settle();
    return () => {
      listeners.delete(listener);
      settle();
    };
  }, [wanted]);
}
