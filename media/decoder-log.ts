const REJECTED = /Error while decoding stream|Error submitting packet to decoder|Decoding error/i;
const DAMAGED = /CRC (mismatch|error|check)|invalid sync code/i;

/** Frames that may be refused before a file counts as damaged; 0 for codecs that are not named. */
const FORGIVEN: Readonly<Record<string, number>> = {
  // Cut out of a longer stream, it may begin with a frame that needs the one before it, and carry tags at its end.
  mp3: 1,
  aac: 1,
  // ffmpeg's decoder refuses every frame in which a phone sent no speech, and knows no checksums.
  amr_nb: Number.POSITIVE_INFINITY,
  amr_wb: Number.POSITIVE_INFINITY,
};

/** Counts what ffmpeg's decoder refused, from its chatter. */
export class DecoderLog {
  #rejected = 0;
  #damaged = 0;
  #jumped = false;

  line(text: string): void {
    if (REJECTED.test(text)) this.#rejected++;
    else if (DAMAGED.test(text)) this.#damaged++;
    else if (/non monotonically increasing dts/.test(text)) this.#jumped = true;
  }

  /** Whether something is wrong before the end: cutting a file off costs one frame at most. */
  get damagedInside(): boolean {
    return this.#jumped || this.#rejected + this.#damaged > 1;
  }

  /** What is wrong with a sound track of this codec (ffmpeg's name), in words; undefined when nothing is. */
  complaint(codec: string): string | undefined {
    const forgiven = FORGIVEN[codec] ?? 0;
    if (this.#rejected > forgiven) return `${this.#rejected} of its frames cannot be decoded`;
    if (this.#damaged > forgiven) return `${this.#damaged} of its frames do not match their checksums`;
    return undefined;
  }
}
