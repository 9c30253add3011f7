import { type DeliveryView, foldDelivery, PENDING } from '../states/fold.ts';
import { type EvidenceCrypto, nameOfKey } from './crypto.ts';
import type { Evidence } from './evidence.ts';
import { readStatements } from './key-history.ts';
import { type JournalVerdict, type ProvedEntry, verifyJournal } from './verify-journal.ts';
import { type KnownOrder, verifyOrders } from './verify-orders.ts';

/** What one loudspeaker says of one broadcast, by its proved lines alone. */
export interface ProvedDelivery {
  readonly broadcastId: string;
  readonly speakerId: string;
  readonly order: KnownOrder | null;
  readonly delivery: DeliveryView;
}

export interface SpeakerVerdict {
  readonly id: string;
  readonly name: string;
  readonly area: string;
  /** Names of its keys: compare them with what `loa-agent doctor` says at the loudspeaker. */
  readonly keys: readonly string[];
  readonly journals: readonly JournalVerdict[];
}

export interface EvidenceVerdict {
  /** Whether every link holds. Forks do not break a chain: they are told. */
  readonly holds: boolean;
  /** The first link that does not hold, and where; null when all hold. */
  readonly firstBroken: string | null;
  /** Everything that does not hold, the first in the order of checking first. */
  readonly broken: readonly string[];
  /** Names of the root keys that everything of the controller hangs on. */
  readonly roots: readonly string[];
  readonly statements: number;
  readonly ordersProved: number;
  readonly speakers: readonly SpeakerVerdict[];
  readonly deliveries: readonly ProvedDelivery[];
}

/**
 * Checks an evidence file with public keys alone: key statements from the roots, the controller's signatures on orders, and each
 * loudspeaker's chain and signatures. `trustedRoots` (raw public keys, base64url), where given, must be the file's own: a file could bring
 * roots of a forger.
 */
export function verifyEvidence(
  crypto: EvidenceCrypto,
  evidence: Evidence,
  trustedRoots: readonly string[] = [],
): EvidenceVerdict {
  const broken: string[] = [];
  const strangers = evidence.rootKeys.filter((key) => trustedRoots.length > 0 && !trustedRoots.includes(key));
  for (const key of strangers)
    broken.push(`root key ${nameOfKey(crypto, key)}: it is not among the root keys that you gave`);
  const roots = strangers.length > 0 ? trustedRoots : evidence.rootKeys;
  const statements = readStatements(crypto, roots, evidence.statements);
  if (statements.broken !== null) broken.push(statements.broken);
  const orders = verifyOrders(crypto, statements.keys, evidence.orders, evidence.slots);
  if (orders.broken !== null) broken.push(orders.broken);
  const speakers = evidence.speakers.map((speaker): SpeakerVerdict => {
    const journals = speaker.journals.map((journal) => verifyJournal(crypto, speaker, journal));
    for (const { epoch, broken: link } of journals)
      if (link !== null) broken.push(`loudspeaker ${speaker.id}, journal ${epoch}, ${link}`);
    const { id, name, area, keys } = speaker;
    return { id, name, area, keys: Object.keys(keys), journals };
  });
  const proved = speakers.flatMap(({ journals }) => journals.flatMap((journal) => journal.proved));
  return {
    holds: broken.length === 0,
    firstBroken: broken[0] ?? null,
    broken,
    roots: evidence.rootKeys.map((key) => nameOfKey(crypto, key)),
    statements: evidence.statements.length,
    ordersProved: orders.proved,
    speakers,
    deliveries: deliveriesOf(proved, orders.known),
  };
}

/** The deliveries that the proved lines tell of, in the order of the first line of each. */
function deliveriesOf(
  entries: readonly ProvedEntry[],
  orders: ReadonlyMap<string, KnownOrder>,
): ProvedDelivery[] {
  const deliveries = new Map<string, ProvedDelivery>();
  for (const { speakerId, entry } of entries) {
    const { broadcastId, orderHash } = entry;
    if (broadcastId === undefined) continue;
    const key = `${broadcastId}/${speakerId}`;
    const before = deliveries.get(key);
    const order = orderHash === undefined ? undefined : orders.get(orderHash);
    deliveries.set(key, {
      ...{ broadcastId, speakerId },
      order: order?.broadcastId === broadcastId ? order : (before?.order ?? null),
      delivery: foldDelivery(before?.delivery ?? PENDING, entry),
    });
  }
  return [...deliveries.values()];
}
