import type { Milliseconds } from '#kit';

/**
 * Whether the time may be acted on.
 *
 * - `untrusted`: nothing vouches for it. Left by a signed reply, by what an earlier process of this boot had learnt,
 *   or by a reference clock that shows a time between the last signed one and the end of the plan.
 * - `trusted`: left only to `disputed`.
 * - `disputed`: two clocks contradict each other by more than 60 s. Planned items are silent. Left when
 *   `AGREEING_REPLIES` signed replies in a row agree with each other.
 */
export type Trust = 'untrusted' | 'trusted' | 'disputed';

/** What the trust rests on. */
export type TrustBasis = 'signed' | 'restored' | 'reference';

/** Why the time is disputed. */
export type DisputeReason = 'wall-step' | 'signed-step' | 'reference';

export interface TrustState {
  readonly trust: Trust;
  readonly basis: TrustBasis | null;
  readonly dispute: {
    readonly reason: DisputeReason;
    readonly differenceMs: Milliseconds;
    readonly agreeing: number;
  } | null;
}

export type TrustEvent =
  /** A signed reply that the estimate could use, or that contradicts it. */
  | { readonly kind: 'signed'; readonly agrees: boolean }
  /** Signed replies agree on an offset that is `stepMs` away from what was trusted. */
  | { readonly kind: 'signed-step'; readonly stepMs: Milliseconds }
  /** What an earlier process of this boot had learnt, and the dispute that it had not seen the end of. */
  | {
      readonly kind: 'restored';
      readonly dispute: { readonly reason: DisputeReason; readonly differenceMs: Milliseconds } | null;
    }
  | { readonly kind: 'reference-vouches' }
  /** A reference clock is `differenceMs` ahead of what is trusted. */
  | { readonly kind: 'reference-differs'; readonly differenceMs: Milliseconds }
  /** The wall clock went `stepMs` ahead of monotonic time, away from what is trusted. */
  | { readonly kind: 'wall-step'; readonly stepMs: Milliseconds };

/** Two clocks that differ by more than this contradict each other. */
export const DISPUTE_MS: Milliseconds = 60_000;
/** Signed replies in a row that end a dispute. */
export const AGREEING_REPLIES = 3;

export const UNTRUSTED: TrustState = { trust: 'untrusted', basis: null, dispute: null };

const SIGNED: TrustState = { trust: 'trusted', basis: 'signed', dispute: null };

/** The one place where trust changes. Returns the same object when nothing does. */
export function nextTrust(state: TrustState, event: TrustEvent): TrustState {
  switch (event.kind) {
    case 'signed':
      if (state.dispute !== null) {
        const agreeing = event.agrees ? state.dispute.agreeing + 1 : 0;
        return agreeing >= AGREEING_REPLIES ? SIGNED : { ...state, dispute: { ...state.dispute, agreeing } };
      }
      return event.agrees && state.basis !== 'signed' ? SIGNED : state;
    case 'signed-step':
      // In a dispute even a small step means that the signed replies contradicted each other: the count begins anew.
      return (
        disputed(state, 'signed-step', event.stepMs) ??
        nextTrust(state, { kind: 'signed', agrees: state.dispute === null })
      );
    case 'restored': {
      if (state.trust !== 'untrusted') return state;
      const restored: TrustState = { trust: 'trusted', basis: 'restored', dispute: null };
      if (event.dispute === null) return restored;
      return disputed(restored, event.dispute.reason, event.dispute.differenceMs) ?? restored;
    }
    case 'reference-vouches':
      return state.trust === 'untrusted' ? { trust: 'trusted', basis: 'reference', dispute: null } : state;
    case 'reference-differs':
      return disputed(state, 'reference', event.differenceMs) ?? state;
    case 'wall-step':
      return disputed(state, 'wall-step', event.stepMs) ?? state;
    default: {
      const never: never = event;
      return never;
    }
  }
}

/** Nothing to dispute before anything is trusted. A further contradiction begins the count anew. */
function disputed(
  state: TrustState,
  reason: DisputeReason,
  differenceMs: Milliseconds,
): TrustState | undefined {
  if (state.trust === 'untrusted' || Math.abs(differenceMs) <= DISPUTE_MS) return undefined;
  return { ...state, trust: 'disputed', dispute: { reason, differenceMs, agreeing: 0 } };
}
