/** Crockford's base 32 in lower case: no i, l, o, u, so what is read over the phone is not misheard. */
export const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** Bytes in Crockford's base 32, five bits a letter from the front, at most `length` letters; what is left of the last five bits is dropped. */
export function base32(bytes: Uint8Array, length = Number.POSITIVE_INFINITY): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += CROCKFORD[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
    if (text.length >= length) return text.slice(0, length);
  }
  return text;
}
