/** Another station, as PCM that comes as it will. */
export interface Station {
  /** Frames that can be taken at once. */
  readonly frames: number;
  /** Why the last connection was not allowed, where it was not. */
  readonly refusal?: string | undefined;
  /** Called after something came, or a connection ended. */
  onChange: () => void;
  /** Connects, unless it is connected, and again whenever the connection ends. */
  open(): void;
  /** Takes what is there, at most a block. */
  take(block: Int16Array): number;
  /** Lets go of the connection; what came is lost. `open` makes a new one. */
  close(): Promise<void>;
}
