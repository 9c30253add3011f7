import Type, { type Static } from 'typebox';
import { FileContentSchema } from '../content.ts';
import { DomainError } from '../errors/index.ts';
import { sha256 } from '../ids.ts';
import { LocalDaySchema } from '../schedule/rule.ts';
import { codec, IdSchema, InstantSchema, RevisionSchema, Sha256Schema } from '../schema.ts';
import { type PlayOrder, playOrderCodec } from './order.ts';
import { ScopeSchema } from './scope.ts';

/** Days that a plan reaches ahead. */
export const PLAN_HORIZON_DAYS = 14;

/** Largest area-day document, bytes. */
export const MAX_PLAN_DOCUMENT_BYTES = 1024 * 1024;

/** A message that is approved ahead and kept decoded on every loudspeaker of the scope: it sounds without the network. */
export const StoredMessageSchema = Type.Object({
  /** The name that orders use; the announcement's id. */
  name: IdSchema,
  title: Type.String({ maxLength: 256 }),
  content: FileContentSchema,
});
export type StoredMessage = Static<typeof StoredMessageSchema>;

/**
 * The signed head of a plan: which area-day documents hold the slots of a scope, by hash. What no document of a head that is in force
 * names is not planned: absence is proved. After `validUntil` its slots are silent.
 */
export const PlanHeadSchema = Type.Object({
  v: Type.Literal(1),
  scope: ScopeSchema,
  revision: RevisionSchema,
  issuedAt: InstantSchema,
  validUntil: InstantSchema,
  documents: Type.Array(
    Type.Object({
      day: LocalDaySchema,
      sha256: Sha256Schema,
      bytes: Type.Integer({ minimum: 1, maximum: MAX_PLAN_DOCUMENT_BYTES }),
      /** Path below the controller's HTTP address. */
      path: Type.String({ pattern: '^/[!-~]{0,511}$' }),
    }),
    { maxItems: 40 },
  ),
  stored: Type.Array(StoredMessageSchema, { maxItems: 64 }),
});
export type PlanHead = Static<typeof PlanHeadSchema>;
export const planHeadCodec = codec('plan head', PlanHeadSchema, 1);

/** First line of an area-day document. */
const PlanDocumentHeaderSchema = Type.Object({
  v: Type.Literal(1),
  scope: ScopeSchema,
  day: LocalDaySchema,
  /** Slot lines that follow. */
  slots: Type.Integer({ minimum: 0, maximum: 10_000 }),
});
export type PlanDocumentHeader = Static<typeof PlanDocumentHeaderSchema>;
const headerCodec = codec('plan document', PlanDocumentHeaderSchema, 1);

/** A slot as it lies in a document: its exact line, the line's SHA-256 (what receipts name), and what it says. */
export interface PlannedSlot {
  readonly line: string;
  readonly hash: string;
  readonly order: PlayOrder;
}

/** The line of a slot. A slot is a play order that a plan head vouches for instead of a signature of its own. */
export function slotLine(order: PlayOrder): PlannedSlot {
  const line = JSON.stringify(order);
  return { line, hash: sha256(line), order };
}

/** The bytes of an area-day document: a header line and a line for each slot, in the order given. The same slots give the same bytes. */
export function writePlanDocument(
  header: Pick<PlanDocumentHeader, 'scope' | 'day'>,
  slots: readonly Pick<PlannedSlot, 'line'>[],
): Buffer {
  const { scope, day } = header;
  const first: PlanDocumentHeader = {
    v: 1,
    scope: { kind: scope.kind, id: scope.id },
    day,
    slots: slots.length,
  };
  return Buffer.from(
    [JSON.stringify(first), ...slots.map(({ line }) => line)].map((line) => `${line}\n`).join(''),
  );
}

/** Reads a document whose hash was compared already. Throws `document.malformed`, `document.unknown_version`. */
export function readPlanDocument(bytes: Uint8Array): {
  readonly header: PlanDocumentHeader;
  readonly slots: readonly PlannedSlot[];
} {
  const [first = '', ...lines] = new TextDecoder('utf-8').decode(bytes).trimEnd().split('\n');
  const header = headerCodec.parse(first);
  if (header.slots !== lines.length)
    throw new DomainError('document.malformed', {
      document: 'plan document',
      reason: `it has ${lines.length} slots, its header says ${header.slots}`,
    });
  return {
    header,
    slots: lines.map((line) => ({ line, hash: sha256(line), order: playOrderCodec.parse(line) })),
  };
}
