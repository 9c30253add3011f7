/** The signed bytes of a compact JWS that was verified before it was stored. */
export function payloadOf(document: string): Buffer {
  return Buffer.from(document.split('.')[1] ?? '', 'base64url');
}
