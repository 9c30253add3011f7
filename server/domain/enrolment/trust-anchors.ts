/** The controller's own certificate authority, for loudspeakers to pin. */
export interface TrustAnchors {
  /** Its certificates in PEM; null: the controller has none of its own, and those of the system count. */
  ca(): string | null;
}

export const NO_OWN_AUTHORITY: TrustAnchors = { ca: () => null };
