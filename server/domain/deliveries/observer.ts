import type { Delivery } from './receipts.ts';

/** Who follows deliveries: told after the commit. Must not throw. */
export interface DeliveryObserver {
  /** An order was answered, and the answer is durable. */
  answered(orderId: string, speakerId: string): void;
  /** These deliveries have changed. */
  changed(deliveries: readonly Delivery[]): void;
}

/** What is known of an order without asking the database. */
export interface OrderDirectory {
  /** Whether this order is a cancellation; undefined for an order that is not live. */
  kindOf(orderId: string): 'play' | 'cancel' | undefined;
  /** SHA-256 of its signed text; undefined for an order that is not live. */
  hashOf(orderId: string): string | undefined;
}

/** Where each speaker lies. */
export interface SpeakerAreas {
  /** Ancestry, widest first; empty for an unknown speaker. */
  areasOf(speakerId: string): readonly string[];
}

/** The area that a speaker belongs to, or an empty text. */
export function areaOf(areas: SpeakerAreas, speakerId: string): string {
  return areas.areasOf(speakerId).at(-1) ?? '';
}
