import type { AuditEntryView, Capacity } from '#protocols';
import type { AuditEntry } from '../domain/audit/audit.ts';
import type { PersonName } from './person-name.ts';

/** An entry with what people call who acted, and in which capacity a leader decided. */
export function auditView(entry: AuditEntry, nameOf: PersonName): AuditEntryView {
  return {
    ...entry,
    // A loudspeaker may be called as somebody's account is.
    actorName: entry.role === 'speaker' ? entry.actor : nameOf(entry.actor),
    as: capacityIn(entry.detail),
  };
}

/** A leader as the office writes him under a decision: "CHỦ TỊCH …", or of a deputy "KT. CHỦ TỊCH · PHÓ CHỦ TỊCH …"; empty: he decided nothing as a leader. */
export function signedBy({ as, actorName }: Pick<AuditEntryView, 'as' | 'actorName'>): string {
  switch (as) {
    case 'chairman':
      return `CHỦ TỊCH ${actorName}`;
    case 'deputy':
      return `KT. CHỦ TỊCH · PHÓ CHỦ TỊCH ${actorName}`;
    case null:
      return '';
  }
}

function capacityIn(detail: string): Capacity | null {
  const { as } = JSON.parse(detail) as { readonly as?: unknown };
  return as === 'chairman' || as === 'deputy' ? as : null;
}
