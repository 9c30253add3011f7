import { useEffect, useRef } from 'react';
import { API } from './client.ts';

/** Live events that pages wait for, as `GET /events` names them. */
type LiveEventName =
  | 'announcement.changed'
  | 'approval.standing'
  | 'emergency.changed'
  | 'priority.undecided';

/**
 * Calls `onEvent` when one of these happens, and when some may have been missed. The browser keeps the stream open and resumes it; who is logged
 * out hears nothing more. What nothing tells of (time that passes, an area below one's station) is for asking now and then.
 */
export function useLive(names: readonly LiveEventName[], onEvent: () => void): void {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  const wanted = names.join(' ');
  useEffect(() => {
    const stream = new EventSource(`${API}/events`);
    const told = () => latest.current();
    for (const name of [...wanted.split(' '), 'resync']) stream.addEventListener(name, told);
    return () => stream.close();
  }, [wanted]);
}
