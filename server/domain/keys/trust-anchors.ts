/** The controller's own certificate authority, for loudspeakers to pin. */
export interface TrustAnchors {
  /** PEM of the authority that our certificate is signed by; null when public authorities know it. */
  ca(): string | null;
}
